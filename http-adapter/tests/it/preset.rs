/// Refusals as the providers document them.
mod refusals;

use std::time::Duration;

use forbear_core::RateSignal;
use forbear_core::spec::PolicySpec;
use forbear_http::{ForbearLayer, Head, Preset};

use self::refusals::REFUSALS;
use crate::support::NOW;

#[test]
fn every_preset_builds_and_its_file_round_trips() {
    for preset in Preset::all() {
        let spec: PolicySpec = toml::from_str(preset.policy_file()).unwrap();
        assert_eq!(spec.name.as_deref(), Some(preset.name()));
        assert_eq!(preset.policy_spec(), spec);
        let again: PolicySpec = toml::from_str(&toml::to_string(&spec).unwrap()).unwrap();
        assert_eq!(again, spec, "{}", preset.name());
        assert_eq!(preset.policy().attempts().sends(), 0);
        let _ = ForbearLayer::preset(preset);
    }
}

/// The file and the figures cannot drift apart: each number of the one is in the other.
#[test]
fn every_number_of_a_policy_is_a_figure_with_its_source() {
    for preset in Preset::all().skip(2) {
        let name = preset.name();
        let file: toml::Table = toml::from_str(preset.policy_file()).unwrap();
        let limits = file.get("limit").and_then(toml::Value::as_array);
        let limits = limits.cloned().unwrap_or_default();
        let numbers: Vec<String> = limits
            .iter()
            .filter_map(|limit| limit.get("rate").or_else(|| limit.get("max")))
            .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            .collect();
        let figures: Vec<_> = preset.figures().iter().map(|figure| figure.value).collect();
        assert_eq!(figures, numbers, "{name}");
        // Whose numbers depend on a plan are learned, or waited for.
        let is_learned = limits.iter().any(|limit| limit["kind"].as_str() == Some("learned"));
        assert!(!figures.is_empty() || is_learned || name == "gemini", "{name}");
        for figure in preset.figures() {
            assert!(figure.source.starts_with("https://"), "{name}");
            assert!(!figure.holds_for.is_empty() && !figure.counts.is_empty(), "{name}");
            let is_date = |date: &str| {
                let parts: Vec<_> = date.split('-').map(str::len).collect();
                matches!(parts[..], [4] | [4, 2] | [4, 2, 2])
                    && date.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
            };
            assert!(figure.published.is_none_or(is_date), "{name}");
        }
    }
}

#[test]
fn a_name_that_is_unknown_is_answered_with_the_known() {
    let error = Preset::by_name("gitlub").unwrap_err().to_string();
    assert!(
        error.starts_with("no preset is called 'gitlub', must be one of recommended, batch, "),
        "{error}"
    );
    assert_eq!(error.matches(", ").count(), Preset::all().count(), "{error}");
    for preset in Preset::all() {
        assert!(error.contains(preset.name()), "{error}");
        assert_eq!(Preset::by_name(preset.name()), Ok(preset));
    }
}

/// A POST is answered with a 500 once.
#[test]
fn a_safe_post_is_sent_again_after_a_5xx() {
    for (name, sends) in [("openai", 2), ("anthropic", 2), ("stripe", 2), ("github", 1)] {
        let layer = ForbearLayer::preset(Preset::by_name(name).unwrap());
        let mut statuses = Vec::from([200, 500]);
        let request = http::Request::post("http://api.example/").body("question").unwrap();
        let response = layer.send_blocking(request, |_| {
            let status = statuses.pop().unwrap();
            Ok::<_, std::io::Error>(http::Response::builder().status(status).body("").unwrap())
        });
        assert_eq!(2 - statuses.len(), sends, "{name}: {response:?}");
    }
}

#[test]
fn only_stripe_documents_an_idempotency_key() {
    let with_keys: Vec<_> =
        Preset::all().filter(|preset| preset.idempotency_header().is_some()).collect();
    assert_eq!(with_keys, [Preset::by_name("stripe").unwrap()]);
}

#[test]
fn the_refusals_of_each_provider_are_read_as_documented() {
    for case in REFUSALS {
        let reader = Preset::by_name(case.preset).unwrap().reader();
        let headers = case.headers.to_vec();
        let head = Head::new(case.status, &headers).with_body(case.body.as_bytes());
        let seen = reader.read(&head, NOW).observe();
        let what = format!("{} {} {}", case.preset, case.status, case.body);
        assert_eq!(seen.outcome, case.outcome, "{what}");
        assert_eq!(seen.wait(), case.wait_ms.map(Duration::from_millis), "{what}");
    }
    for preset in Preset::all().skip(2) {
        assert!(REFUSALS.iter().any(|case| case.preset == preset.name()), "{}", preset.name());
    }
}
