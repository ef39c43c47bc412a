//! Feeds and targets.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::Percent;

/// Where a secret is kept: exactly one of the three.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SecretFile {
    /// A file; its last line break does not count.
    pub file: Option<String>,
    /// An environment variable.
    pub env: Option<String>,
    /// A systemd credential (`LoadCredential`).
    pub credential: Option<String>,
}

/// Where people come from.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum FeedFile {
    /// Okta's management API.
    Okta {
        /// The org, such as `https://acme.okta.com`.
        url: String,
        /// How we prove who we are.
        auth: OktaAuth,
        /// Our name -> path in Okta's user; `job_code` must be mapped.
        attributes: BTreeMap<String, String>,
        /// The event hook.
        hook: Option<HookFile>,
        /// The share of the rate limit that we spend. Default `40%`.
        budget: Option<Percent>,
        /// What happens to the seats of somebody suspended. Default `hold`.
        on_suspended: Option<OnSuspendedFile>,
        /// One more trust anchor (PEM).
        ca_file: Option<String>,
    },
    /// Microsoft Entra ID by Microsoft Graph.
    Entra {
        /// The tenant's id or domain.
        tenant: String,
        /// The national cloud. Default `global`.
        cloud: Option<CloudFile>,
        /// The host of Graph, without `/v1.0`.
        url: Option<String>,
        /// The host that issues tokens.
        login_url: Option<String>,
        /// How we prove who we are.
        auth: EntraAuth,
        /// Our name -> path in Graph's user; `job_code` must be mapped.
        attributes: BTreeMap<String, String>,
        /// Change notifications.
        hook: Option<EntraHookFile>,
        /// The share of the rate limit that we spend. Default `40%`.
        budget: Option<Percent>,
        /// What happens to the seats of somebody suspended. Default `hold`.
        on_suspended: Option<OnSuspendedFile>,
        /// One more trust anchor (PEM).
        ca_file: Option<String>,
    },
    /// A SCIM 2.0 server that we poll.
    Scim {
        /// The base URL, without `/Users`.
        url: String,
        /// Whose server it is: `standard`, or `entra` for Microsoft Entra's SCIM API. Default `standard`.
        profile: Option<ProfileFile>,
        /// How we prove who we are.
        auth: ScimAuth,
        /// Our name -> path in the SCIM user; `job_code` must be mapped.
        attributes: BTreeMap<String, String>,
        /// A signed hook.
        hook: Option<HookFile>,
        /// The share of the rate limit that we spend. Default `40%`.
        budget: Option<Percent>,
        /// What happens to the seats of somebody suspended. Default `hold`.
        on_suspended: Option<OnSuspendedFile>,
        /// One more trust anchor (PEM).
        ca_file: Option<String>,
    },
    /// A folder into which another system drops files of people, each of them everybody.
    Csv {
        /// The folder.
        path: String,
        /// Names of complete files; `*` stands for any letters. Default `*.csv`.
        file: Option<String>,
        /// How a complete file is told: `rename`, or `manifest` for one with a `.sha256` or `.manifest` beside it. Default `rename`.
        complete: Option<CompleteFile>,
        /// A file that was changed more recently may still be written. Default `10s`.
        settle: Option<String>,
        /// A newest file that is older means that the next one is late. Default `48h`.
        late_after: Option<String>,
        /// The header of what tells an account from all others. Default `employee_number`.
        id: Option<String>,
        /// Where people stand. Without it everybody in the file works here.
        status: Option<StatusFile>,
        /// Our name -> header; `job_code` must be mapped.
        attributes: BTreeMap<String, String>,
        /// What happens to the seats of somebody suspended. Default `hold`.
        on_suspended: Option<OnSuspendedFile>,
    },
    /// An identity provider that pushes to us at `/scim/v2/NAME`.
    ScimPush {
        /// How it proves who it is.
        auth: PushAuth,
        /// Our name -> path in the SCIM user.
        attributes: Option<BTreeMap<String, String>>,
        /// A signed hook.
        hook: Option<HookFile>,
        /// The share of the rate limit that we spend. Default `40%`.
        budget: Option<Percent>,
        /// What happens to the seats of somebody suspended. Default `hold`.
        on_suspended: Option<OnSuspendedFile>,
        /// One more trust anchor (PEM).
        ca_file: Option<String>,
    },
}

/// How a complete file is told.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum CompleteFile {
    /// It gets its name when it is complete.
    Rename,
    /// A manifest beside it comes after it.
    Manifest,
}

/// The words of a column for where somebody stands. Any other word gains and loses nothing.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct StatusFile {
    /// The header.
    pub column: String,
    /// Works here.
    pub active: Option<Vec<String>>,
    /// Has not started yet.
    pub pre_start: Option<Vec<String>>,
    /// Is on leave.
    pub on_leave: Option<Vec<String>>,
    /// Is suspended.
    pub suspended: Option<Vec<String>>,
    /// Has left.
    pub gone: Option<Vec<String>>,
}

/// Whose SCIM server it is.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProfileFile {
    /// As it says of itself.
    Standard,
    /// Microsoft Entra's SCIM API, which is billed by request.
    Entra,
}

/// What happens to the seats of somebody suspended.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum OnSuspendedFile {
    /// Kept through the pool's grace.
    Hold,
    /// As if they had left.
    Revoke,
    /// As if they were active.
    Keep,
}

/// A national cloud of Microsoft.
#[derive(JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub enum CloudFile {
    /// Everybody else, GCC included.
    Global,
    /// US Government L4 (GCC High).
    UsGov,
    /// US Government L5, the Department of Defense.
    UsDod,
    /// China, run by 21Vianet.
    China,
}

/// What may come in at `/hooks/NAME`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct HookFile {
    /// How a delivery proves where it comes from. Default `okta` in an okta feed, else `hmac`.
    pub kind: Option<HookKindFile>,
    /// Where the provider reaches us, without `/hooks/NAME`.
    pub public_url: Option<String>,
    /// What the provider shows us or signs with; may be absent where `set` is there.
    pub secret: Option<SecretFile>,
    /// How far the timestamp of a signed delivery may lie from our clock. Default `5m`.
    pub window: Option<String>,
    /// Security events (Shared Signals, SCIM events).
    pub set: Option<SetFile>,
}

/// How a delivery proves where it comes from.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum HookKindFile {
    /// An Okta event hook: the `Authorization` header is the secret.
    Okta,
    /// A change notification of Microsoft Graph with a client state.
    Graph,
    /// A body signed by HMAC-SHA256 together with a timestamp.
    Hmac,
}

/// Change notifications of Microsoft Graph.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct EntraHookFile {
    /// How a delivery proves where it comes from. Default `graph`.
    pub kind: Option<HookKindFile>,
    /// Where Microsoft reaches us, without `/hooks/NAME`; with it, subscriptions are made and kept.
    pub public_url: Option<String>,
    /// What Microsoft shows us.
    pub client_state: SecretFile,
    /// Security events (Shared Signals, SCIM events).
    pub set: Option<SetFile>,
}

/// Security event tokens, pushed by RFC 8935.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SetFile {
    /// Who signs them: `iss`.
    pub issuer: String,
    /// Whom they are for: `aud`.
    pub audience: String,
    /// Where the issuer's keys are; without it the issuer's `/.well-known/ssf-configuration` says so.
    pub jwks_url: Option<String>,
    /// What the `Authorization` header has to be, where the transmitter sends one.
    pub token: Option<SecretFile>,
}

/// Authentication at Okta.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OktaAuth {
    /// An API token.
    Ssws {
        /// The token.
        token: SecretFile,
    },
    /// A service app with a key pair.
    PrivateKeyJwt {
        /// The app.
        client_id: String,
        /// The private key (PEM).
        key: SecretFile,
        /// The key's id at Okta.
        key_id: Option<String>,
        /// Bind tokens to a key (RFC 9449).
        dpop: Option<bool>,
        /// Where tokens are issued. Default: at the org.
        token_url: Option<String>,
        /// What is asked for.
        scope: Option<String>,
    },
}

/// Authentication at Microsoft Entra ID.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum EntraAuth {
    /// A client secret.
    ClientSecret {
        /// The app registration.
        client_id: String,
        /// Its secret.
        secret: SecretFile,
        /// Where the secret is sent. Default `post`.
        client_auth: Option<ClientAuthFile>,
        /// Where tokens are issued. Default: at the login host of the cloud.
        token_url: Option<String>,
        /// What is asked for. Default: `/.default` of the Graph host.
        scope: Option<String>,
    },
    /// An assertion signed with the key of a certificate that the app registration knows.
    Certificate {
        /// The app registration.
        client_id: String,
        /// The private key (PEM, RSA).
        key: SecretFile,
        /// The certificate (PEM). Default: in the same place as the key.
        certificate: Option<SecretFile>,
        /// Where tokens are issued. Default: at the login host of the cloud.
        token_url: Option<String>,
        /// What is asked for. Default: `/.default` of the Graph host.
        scope: Option<String>,
    },
    /// The token of another issuer that the app registration trusts (workload identity federation).
    Federated {
        /// The app registration.
        client_id: String,
        /// The other issuer's token, such as the service account token of a Kubernetes pod.
        token: SecretFile,
        /// Where tokens are issued. Default: at the login host of the cloud.
        token_url: Option<String>,
        /// What is asked for. Default: `/.default` of the Graph host.
        scope: Option<String>,
    },
}

/// Authentication at a SCIM server.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ScimAuth {
    /// A fixed token.
    Bearer {
        /// The token.
        token: SecretFile,
    },
    /// User and password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: SecretFile,
    },
    /// OAuth 2.0 client credentials with a secret.
    ClientSecret {
        /// The client.
        client_id: String,
        /// Its secret.
        secret: SecretFile,
        /// Where the secret is sent. Default `basic`.
        client_auth: Option<ClientAuthFile>,
        /// Where tokens are issued.
        token_url: String,
        /// What is asked for.
        scope: Option<String>,
    },
    /// OAuth 2.0 client credentials with a signed assertion.
    PrivateKeyJwt {
        /// The client.
        client_id: String,
        /// The private key (PEM).
        key: SecretFile,
        /// The key's id at the server.
        key_id: Option<String>,
        /// Where tokens are issued.
        token_url: String,
        /// What is asked for.
        scope: Option<String>,
    },
}

/// Authentication of whoever pushes to us.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PushAuth {
    /// A fixed token.
    Bearer {
        /// The token.
        token: SecretFile,
    },
    /// User and password.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: SecretFile,
    },
    /// A token that an issuer has signed for us.
    Jwt {
        /// Who signs: `iss`.
        issuer: String,
        /// Whom it is for: `aud`.
        audience: String,
        /// Where the issuer's keys are; without it the issuer's `/.well-known/openid-configuration` says so.
        jwks_url: Option<String>,
    },
}

/// Where a client secret is sent.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum ClientAuthFile {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

/// A desk where seats are.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct TargetFile {
    /// What it speaks.
    #[schemars(extend("enum" = ["scim"]))]
    pub kind: String,
    /// The base URL, without `/Users`.
    pub url: String,
    /// How we prove who we are.
    pub auth: ScimAuth,
    /// What we may do there. Default `observe`.
    pub mode: Option<ModeFile>,
    /// How a person is found there, in order. Default `["external_id", "email"]`.
    pub match_on: Option<Vec<DeskKeyFile>>,
    /// Whether we may make an account there. Default false.
    pub create: Option<bool>,
    /// Pool -> what grants it there.
    pub seats: Option<BTreeMap<String, SeatFile>>,
    /// The share of the rate limit that we spend. Default `40%`.
    pub budget: Option<Percent>,
    /// One more trust anchor (PEM).
    pub ca_file: Option<String>,
}

/// What we may do at a desk.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum ModeFile {
    /// Plan and report, write nothing.
    Observe,
    /// Grant, never revoke.
    AddOnly,
    /// Grant and revoke.
    Full,
}

/// How a person is found at a desk.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub enum DeskKeyFile {
    /// The desk's `externalId` equals the employee number.
    ExternalId,
    /// The desk's `userName` equals the e-mail or login name.
    UserName,
    /// An e-mail address of the desk's account equals the e-mail.
    Email,
}

/// What grants a pool: exactly one of the four.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub struct SeatFile {
    /// The group with this display name.
    pub group: Option<String>,
    /// The group with this id.
    pub group_id: Option<String>,
    /// A value of `entitlements`.
    pub entitlement: Option<String>,
    /// A value of `roles`.
    pub role: Option<String>,
}
