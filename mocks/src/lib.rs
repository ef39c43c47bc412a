//! Okta, Entra, a SCIM feed and a service desk as look-alikes over real HTTP on loopback, around a seeded company in
//! motion. They answer as the vendors do, also where that is inconvenient, and misbehave when they are told to.
//!
//! ```
//! use seatwarden_mocks::{Company, Fault, Hire, Mocks, Rule, Server};
//!
//! # async fn story() -> std::io::Result<()> {
//! let mocks = Mocks::new(Company::generate(7, 400));           // or World::empty(7), then hire
//! let okta = mocks.serve(Server::Okta).await?;                 // a free port; dropping it kills the server
//! let url = okta.url();                                        // http://127.0.0.1:49152
//!
//! let ann = mocks.state().world.hire(Hire::new("ann@acme.example").job("SD-12").department("IT"));
//! mocks.state().world.leave(ann);                              // DEPROVISIONED at Okta
//!
//! mocks.faults.push(Rule::on(Server::Okta).path("/api/v1/users").nth(2).play(Fault::EmptyList));
//! assert_eq!(mocks.count(Server::Okta, "GET", "/api/v1/users"), 0);
//! assert!(mocks.requests().is_empty());
//! # Ok(()) }
//! ```
//!
//! # The servers
//!
//! | server | start | base URL to configure | credentials it takes | set up by |
//! |---|---|---|---|---|
//! | Okta | `mocks.serve(Server::Okta)` | `url()` | SSWS [`okta::SSWS_TOKEN`]; `private_key_jwt` with [`okta::CLIENT_ID`], [`TEST_KEY_ID`], [`TEST_PRIVATE_KEY_PEM`] at `url()/oauth2/v1/token`; `DPoP` | `state().okta` |
//! | Entra | `mocks.serve(Server::Entra)` | `url()` for Graph (without `/v1.0`) and for login | [`entra::TENANT_ID`], [`entra::CLIENT_ID`], [`entra::CLIENT_SECRET`]; a certificate's assertion; federation | `state().entra` |
//! | SCIM feed | `mocks.serve(Server::Scim)` | `url()/scim/v2` | bearer [`scim::BEARER_TOKEN`]; basic [`scim::BASIC_USER`], [`scim::BASIC_PASSWORD`]; [`scim::CLIENT_ID`], [`scim::CLIENT_SECRET`] (or the test key) at `url()/token` | `state().scim` |
//! | desk | `mocks.serve(Server::Desk)` | `url()/scim/v2` | as the SCIM feed | `state().desk` |
//!
//! `mocks.call(server, request)` asks in process, without a socket; `mocks.router(server)` is the same as a
//! `tower::Service`. The job code is Okta's
//! `profile.jobCode`, Entra's `onPremisesExtensionAttributes.extensionAttribute1` (and
//! `extension_{app}_jobCode`), and `urn:ietf:params:scim:schemas:extension:acme:2.0:User:jobCode` in the SCIM feed.
//!
//! `mocks.hook_okta(url, secret)` registers an event hook, `mocks.send_okta_events()` calls out what happened since.
//! Whoever makes a subscription at Graph is called by `mocks.send_graph_notifications()`.
//!
//! # The company
//!
//! | story | call |
//! |---|---|
//! | a company of a size | [`Company::generate`]`(seed, people)`; `Company::new(seed, people).homes(&[Homes::SCIM]).build()` |
//! | somebody comes | `world.hire(Hire::new("ann@acme.example").job("SD-12").department("IT").homes(Homes::ENTRA))` |
//! | moves, is renamed | `world.move_to(ann, "FIN-3", "Finance")`, `world.rename(ann, "ann.b@acme.example")` |
//! | any attribute | `world.set(ann, Field::JobCode, None)`: cleared, `null` at Entra |
//! | leaves, comes back | `world.leave(ann)`, `world.rehire(ann)` (same ids; new ones after a purge) |
//! | is suspended | `world.suspend(ann)`, `world.unsuspend(ann)` |
//! | is deleted | `world.delete(ann)` (can be restored), `world.purge(ann)` (404 everywhere) |
//! | a group at the `IdP` | `world.join(ann, "lic-desk")`, `world.part(ann, "lic-desk")` |
//! | anything at all | `world.tick()` |
//! | the ids | `world.okta_id(ann)`, `world.entra_id(ann)`, `world.scim_id(ann)` |
//!
//! # The desk
//!
//! `state().desk` has an account for everybody who was ever hired (`userName` is the address, `externalId` the employee
//! number) and no groups. `mocks.with(|s| s.desk.add_group(&s.world, "lic-fulfiller", Some(120)))` makes a group with
//! 120 seats, `add_member` puts a stranger into it, `members("lic-fulfiller")` says who is in it. `desk.seats` also
//! limits values of `entitlements` and `roles`; `holders_of("entitlements", "fulfiller")` says who has one.
//!
//! # The clock
//!
//! The world's clock begins at [`world::BEGINNING`] and stands still; `mocks.advance(..)` moves it. Where a real program
//! talks to the servers, call `mocks.run_clock(now)` with the system's time first: signed assertions, token lives and
//! rate limits are judged by the world's clock.
//!
//! # The faults
//!
//! [`Rule`] says which requests, [`Fault`] what happens to them, and `mocks.faults.storm(server, seed, per_mille,
//! Fault::passing())` makes weather. A fault that fires is named in the journal ([`Mocks::requests`]).

pub mod desk;
pub mod entra;
pub mod fault;
mod filter;
mod journal;
mod keys;
pub mod okta;
pub mod post;
pub mod push;
mod rng;
pub mod scim;
mod server;
mod state;
mod token;
mod wire;
pub mod world;

pub use axum::body::Body;
pub use fault::{Fault, Faults, Rule};
pub use journal::Seen;
pub use keys::{
    STRANGER_PRIVATE_KEY_PEM, TEST_KEY_ID, TEST_PRIVATE_KEY_PEM, TEST_PUBLIC_KEY_MODULUS, TEST_PUBLIC_KEY_PEM,
};
pub use rng::Rng;
pub use server::MockServer;
pub use state::{Mocks, Server, State};
pub use world::{Company, Field, Hire, Homes, PersonId, World};
