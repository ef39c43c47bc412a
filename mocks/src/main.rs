//! The mocks as a program: starts every server, prints where they are and how to sign in, and lets the company move.
#![expect(clippy::print_stdout, reason = "a program whose output is a list of addresses")]

use std::time::Duration;

use clap::Parser;
use seatwarden_mocks::{
    Company, Homes, MockServer, Mocks, Server, TEST_KEY_ID, TEST_PRIVATE_KEY_PEM, entra, okta, scim,
};

/// Okta, Entra, a SCIM feed and a desk on loopback, around a seeded company in motion.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// How many people the company has.
    #[arg(long, default_value_t = 400)]
    people: usize,
    /// The seed of everything that is drawn.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Okta's port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    okta_port: u16,
    /// The port of Graph and its login endpoint.
    #[arg(long, default_value_t = 0)]
    entra_port: u16,
    /// The port of the SCIM feed.
    #[arg(long, default_value_t = 0)]
    scim_port: u16,
    /// The desk's port.
    #[arg(long, default_value_t = 0)]
    desk_port: u16,
    /// Puts everybody into the SCIM feed as well.
    #[arg(long)]
    with_scim: bool,
    /// Lets one thing happen in the company every so often, such as 2s or 500ms.
    #[arg(long, value_parser = duration)]
    tick: Option<Duration>,
    /// A group at the desk, with the seats it has: lic-fulfiller=120. May be given several times.
    #[arg(long, value_parser = group, default_values = ["lic-fulfiller=120", "lic-major-incident=15"])]
    group: Vec<(String, usize)>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let mut company = Company::new(arguments.seed, arguments.people);
    if arguments.with_scim {
        let (okta, entra) = (Homes::OKTA.and(Homes::SCIM), Homes::ENTRA.and(Homes::SCIM));
        company = company.homes(&[okta, okta, entra, okta.and(entra)]);
    }
    let mocks = Mocks::new(company.build());
    mocks.run_clock(system_time());
    mocks.with(|state| {
        for (name, seats) in &arguments.group {
            state.desk.add_group(&state.world, name, Some(*seats));
        }
    });
    let ports = [
        (Server::Okta, arguments.okta_port),
        (Server::Entra, arguments.entra_port),
        (Server::Scim, arguments.scim_port),
        (Server::Desk, arguments.desk_port),
    ];
    let mut servers = Vec::new();
    for (server, port) in ports {
        servers.push((server, MockServer::start_on(mocks.router(server), port).await?));
    }
    for (server, running) in &servers {
        introduce(*server, &running.url());
    }
    let story = arguments.tick.map(|every| tokio::spawn(tell(mocks.clone(), every)));
    tokio::signal::ctrl_c().await?;
    if let Some(story) = story {
        story.abort();
    }
    for (_, server) in servers {
        server.kill();
    }
    Ok(())
}

fn introduce(server: Server, url: &str) {
    match server {
        Server::Okta => {
            println!("okta   {url}");
            println!("       ssws token         {}", okta::SSWS_TOKEN);
            println!("       client id          {} (key id {TEST_KEY_ID}, the test key below)", okta::CLIENT_ID);
        }
        Server::Entra => {
            println!("entra  {url}  (both url and login_url)");
            println!("       tenant             {}", entra::TENANT_ID);
            println!("       client id          {}", entra::CLIENT_ID);
            println!("       client secret      {}", entra::CLIENT_SECRET);
        }
        Server::Scim | Server::Desk => {
            println!("{}   {url}/scim/v2", if server == Server::Scim { "scim" } else { "desk" });
            println!("       bearer token       {}", scim::BEARER_TOKEN);
            println!("       basic              {} / {}", scim::BASIC_USER, scim::BASIC_PASSWORD);
            println!("       client credentials {} / {} at {url}/token", scim::CLIENT_ID, scim::CLIENT_SECRET);
        }
    }
    if server == Server::Desk {
        println!("\nprivate key of the service apps (for tests alone, known to everybody)\n{TEST_PRIVATE_KEY_PEM}");
    }
}

async fn tell(mocks: Mocks, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let line = mocks.with(|state| {
            let event = state.world.tick();
            event.told(&state.world)
        });
        println!("{line}");
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| format!("{text} is not a duration such as 2s or 500ms"))?;
    match unit {
        "ms" if number > 0 => Ok(Duration::from_millis(number)),
        "s" if number > 0 => Ok(Duration::from_secs(number)),
        "m" if number > 0 => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(format!("{text} is not a duration such as 2s or 500ms")),
    }
}

fn group(text: &str) -> Result<(String, usize), String> {
    let wrong = || format!("{text} is not a group such as lic-fulfiller=120");
    let (name, seats) = text.split_once('=').ok_or_else(wrong)?;
    Ok((name.to_owned(), seats.parse().map_err(|_| wrong())?))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program's edge: real clients compare the servers' clock with theirs"
)]
fn system_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
