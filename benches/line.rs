//! How long the stages of the line take.

mod plan;

fn main() {
    divan::main();
}
