//! Keys for tests. They protect nothing and are known to everybody.

/// The private half of the key that the mock service apps trust (RSA 2048, PKCS #8).
pub const TEST_PRIVATE_KEY_PEM: &str = include_str!("fixtures/test_private_key.pem");

/// The public half of [`TEST_PRIVATE_KEY_PEM`].
pub const TEST_PUBLIC_KEY_PEM: &str = include_str!("fixtures/test_public_key.pem");

/// The modulus of the same key in base64url, as a JSON Web Key has it; its exponent is 65537.
pub const TEST_PUBLIC_KEY_MODULUS: &str = "\
    oXuqBE3tOKFM_Qw-gldMmlwEPj2i_a1b7bDcTnB7Jhk102gtKx7B7V50gjrjfpgnEA_izBw_Rwh5qEkzPOnppjMpapQKsFSwuhJd\
    RL2qBdjAHTnBDb8emCiq3Hu8yqIMGUy5DfwL4-2_Tna027lfjFh2BFLxADOXbm__8g0oZ-RCOKVEj1b8faRrgamYWOUu8dlt-EW4\
    pVQGRauVwRgIobKbau5Bga6p8_MMY3V6VWmzwYjJ4t06tNA_auNPsP86T9WTWkFB9uTbzWc8LXAQP2f5GpmnvFQspHtZmK8ggzmn\
    Hoys02QTvPbhwqJGnkNsHRfwFPARRQ1hYzsf_ZsmQQ";

/// A private key that nobody trusts, to see a signature refused.
pub const STRANGER_PRIVATE_KEY_PEM: &str = include_str!("fixtures/test_stranger_key.pem");

/// The key id under which [`TEST_PUBLIC_KEY_PEM`] is registered.
pub const TEST_KEY_ID: &str = "k1";
