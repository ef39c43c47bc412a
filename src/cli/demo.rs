//! `demo`.
use super::Global;
use clap::Args;
/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {}
impl Demo {
    pub(super) async fn run(self, _global: &Global) -> u8 {
        1
    }
}
