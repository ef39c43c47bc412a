//! How long the pure stages of the line take: `cargo bench --bench line`, one stage with `-- evaluate` or `-- plan`.

mod check;
mod evaluate;
mod plan;

fn main() {
    divan::main();
}
