//! How long the store takes: `cargo bench --bench store -- [PEOPLE]`.

mod load;

fn main() {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    load::run(&words);
}
