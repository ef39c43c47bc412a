//! Keys for tests. They protect nothing and are known to everybody.

/// The private half of the key that the mock service apps trust (RSA 2048, PKCS #8).
pub const TEST_PRIVATE_KEY_PEM: &str = include_str!("fixtures/test_private_key.pem");

/// The public half of [`TEST_PRIVATE_KEY_PEM`].
pub const TEST_PUBLIC_KEY_PEM: &str = include_str!("fixtures/test_public_key.pem");

/// A private key that nobody trusts, to see a signature refused.
pub const STRANGER_PRIVATE_KEY_PEM: &str = include_str!("fixtures/test_stranger_key.pem");

/// The key id under which [`TEST_PUBLIC_KEY_PEM`] is registered.
pub const TEST_KEY_ID: &str = "k1";
