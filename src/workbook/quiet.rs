//! A call of foreign code that may panic on hostile bytes: the panic becomes no value, and no text on stderr.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is within such a call.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// What the call gives; `None` when it panics. Panics of other threads, and of this one elsewhere, are told as ever.
pub(super) fn quietly<T>(call: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
    let outer = QUIET.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(call));
    QUIET.set(outer);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::{QUIET, quietly};

    #[test]
    fn a_panic_is_no_value_and_ends_with_the_call() {
        assert_eq!(quietly(|| 1), Some(1));
        assert_eq!(quietly(|| -> u8 { panic!("told to nobody") }), None);
        assert!(!QUIET.get());
    }
}
