//! A table that is edited while everything runs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics_exporter_prometheus::PrometheusBuilder;

use super::company::{Company, Setup, run};
use super::stories::analysts;

const ONE: &str = "id,job_code,tier\nanalysts,SD-*,fulfiller\n";
const TWO: &str = "id,job_code,tier\nothers,FIN-*,fulfiller\n";
const BROKEN: [&str; 4] = [
    "id,job_code,tier\nanalysts,SD-*,fulfillr\n",
    "id,tier\nx,\"fulfiller\n",
    "",
    "id,tier\na,fulfiller\nb,requester\n",
];

#[test]
fn every_entry_names_the_table_of_its_time() {
    run(async {
        let company = Company::new(analysts(5), Setup::default()).await;
        company.full().await;
        let first = company.status().await.rules.digest.unwrap().to_string();
        let begun = company.rules_of_entries();
        assert!(!begun.is_empty() && begun.iter().all(|digest| *digest == Some(first.clone())), "{begun:?}");
        for broken in BROKEN {
            company.write_rules(broken);
            assert!(!company.warden().reload_rules(), "{broken}");
            let rules = company.status().await.rules;
            assert_eq!(rules.digest.unwrap().to_string(), first, "a broken table never replaces a good one");
            assert!(rules.error.is_some());
        }
        company.advance(std::time::Duration::from_mins(1));
        company.write_rules(TWO);
        assert!(company.warden().reload_rules());
        let rules = company.status().await.rules;
        let second = rules.digest.unwrap().to_string();
        assert!(first != second && rules.error.is_none() && rules.loaded_at.is_some());
        company.full().await;
        let later = company.rules_of_entries().split_off(begun.len());
        assert!(!later.is_empty() && later.iter().all(|digest| *digest == Some(second.clone())), "{later:?}");
        company.assert_sound();
    });
}

#[test]
fn readers_see_one_table_or_the_other_and_nothing_between() {
    run(async {
        let company = Company::new(analysts(2), Setup::default()).await;
        let mut digests = BTreeSet::new();
        for text in [TWO, ONE] {
            company.write_rules(text);
            company.warden().reload_rules();
            digests.insert(company.status().await.rules.digest.unwrap());
        }
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut looks = 0_u32;
                while !done.load(Ordering::Relaxed) || looks == 0 {
                    let rules = company.warden().status_view().unwrap().rules;
                    assert!(digests.contains(&rules.digest.unwrap()) && rules.loaded_at.is_some());
                    looks += 1;
                }
                looks
            });
            for round in 0..50 {
                company.write_rules([ONE, BROKEN[round % BROKEN.len()], TWO][round % 3]);
                company.warden().reload_rules();
            }
            done.store(true, Ordering::Relaxed);
            assert!(reader.join().unwrap() > 0);
        });
    });
}

#[test]
fn metrics_name_the_table_in_force() {
    run(async {
        let company = Company::new(analysts(2), Setup::default()).await;
        company.write_rules(ONE);
        company.warden().reload_rules();
        let first = company.status().await.rules.digest.unwrap();
        let recorder = PrometheusBuilder::new().build_recorder();
        let shown = metrics::with_local_recorder(&recorder, || {
            company.write_rules(TWO);
            assert!(company.warden().reload_rules());
            recorder.handle().render()
        });
        let second = company.status().await.rules.digest.unwrap();
        assert!(shown.contains(&format!("seatwarden_rules_info{{digest=\"{first}\"}} 0")), "{shown}");
        assert!(shown.contains(&format!("seatwarden_rules_info{{digest=\"{second}\"}} 1")), "{shown}");
        assert!(shown.contains("seatwarden_rules_loaded_timestamp_seconds "), "{shown}");
    });
}
