//! How long the pure stages of the line take: `cargo bench --bench line`, one stage with `-- evaluate`, `-- diff` or
//! `-- plan`.

mod check;
mod diff;
mod evaluate;
mod plan;

fn main() {
    divan::main();
}
