//! One storm on the real clock, twenty times as fast.

use std::time::Duration;

use forbear_sim::{Scenario, Shipped};

use super::client::over_http;
use super::simulated;

/// `value` with every duration a twentieth, and every rate twenty times as high.
fn faster(value: &mut toml::Value) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table.iter_mut() {
                // The timer is that of the machine, and a name is no time.
                if !matches!(key.as_str(), "timer" | "name" | "title" | "description" | "source") {
                    faster(value);
                }
            }
        }
        toml::Value::Array(values) => values.iter_mut().for_each(faster),
        toml::Value::String(text) => {
            if let Ok(duration) = forbear_core::text::parse_duration(text) {
                *text = forbear_core::text::format_duration(duration / 20);
            } else if let Some((units, period)) = text.split_once('/') {
                let one = if period.starts_with(char::is_alphabetic) { "1" } else { "" };
                let period = forbear_core::text::parse_duration(&format!("{one}{period}"));
                *text = format!("{units}/{}ns", period.unwrap().as_nanos() / 20);
            }
        }
        _ => {}
    }
}

#[test]
fn on_the_real_clock_a_storm_keeps_what_does_not_depend_on_the_machine() {
    let shipped = Shipped::ALL.iter().find(|shipped| shipped.name == "retry-after-herd").unwrap();
    let mut table: toml::Value = toml::from_str(shipped.text).unwrap();
    table.as_table_mut().unwrap().remove("assert");
    faster(&mut table);
    let text = toml::to_string(&table).unwrap();
    // 400 calls at 50 a second after the first 50: 7 s, which are 350 ms here.
    let set = [("clients.calls", "50"), ("server.retry_after", "milliseconds")];
    let set: Vec<_> = set.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect();
    let scenario = Scenario::parse(&text, &set).unwrap();
    let named = scenario.policies().iter().find(|named| named.name() == "recommended").unwrap();
    let virtually = simulated(&scenario, named.policy(), 1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let really = runtime.block_on(over_http(&scenario, named.policy(), 1));
    let bound = Duration::from_millis(350);
    assert_eq!((virtually.succeeded, really.succeeded), (400, 400));
    assert!(virtually.drained >= bound && really.drained >= bound, "{virtually:?} {really:?}");
    // Paced below the limit, and one that is late sends later, not more.
    assert_eq!(virtually.sends, 400);
    assert!(really.sends <= 440, "{really:?}");
}
