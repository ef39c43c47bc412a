//! Chance as a port: seeded in tests, from the system otherwise.

use std::sync::Mutex;

/// A source of jitter and of ids that must not repeat.
#[derive(Debug)]
pub struct Chance {
    seeded: Option<Mutex<fastrand::Rng>>,
}

impl Chance {
    /// From the system.
    pub const fn system() -> Self {
        Self { seeded: None }
    }

    /// The same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { seeded: Some(Mutex::new(fastrand::Rng::with_seed(seed))) }
    }

    /// A number in `0.0..1.0`.
    pub fn fraction(&self) -> f64 {
        self.draw(fastrand::Rng::f64)
    }

    /// A random UUID (version 4) as text.
    pub fn uuid(&self) -> String {
        if self.seeded.is_none() {
            return uuid::Uuid::new_v4().to_string();
        }
        let bits = self.draw(|rng| rng.u128(..));
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> T) -> T {
        match &self.seeded {
            Some(rng) => draw(&mut rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner)),
            None => draw(&mut fastrand::Rng::new()),
        }
    }
}
