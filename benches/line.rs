//! Measures the parts of the line. `cargo bench --bench line -- store [PEOPLE]`.

mod store;

fn main() {
    // `cargo bench` adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => store::run(&[]),
        ["store", rest @ ..] => store::run(rest),
        other => {
            let mut out = std::io::stderr().lock();
            drop(std::io::Write::write_fmt(&mut out, format_args!("no such measurement: {other:?}\n")));
        }
    }
}
