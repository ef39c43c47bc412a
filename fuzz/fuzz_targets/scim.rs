//! libFuzzer's entry; what is tried stands in `../targets`, where the tests find it as well.
#![no_main]

#[path = "../targets/mod.rs"]
#[allow(dead_code, reason = "every entry uses one of the targets")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::scim(data));
