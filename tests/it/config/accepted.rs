//! x
use super::Folder;
#[test]
fn try_sample() {
    let folder = Folder::new(include_str!("sample/seatwarden.toml"), include_str!("sample/catalog.toml"));
    let loaded = folder.loaded();
    println!("{}", super::text(&loaded.warnings, &loaded.sources));
    println!("{}", seatwarden::config::show::text(&loaded));
    println!("{:#?}", loaded.config);
    println!("{:#}", seatwarden::config::schema::configuration());
}
