use forbear_http::{Head, Reader};

use crate::support::{NONE, NOW, window};

const ACME: &str = r#"
[[dialect]]
provider = "acme"
prefix = "x-acme-quota-"
words = { allowed = "limit", left = "remaining", "next-in" = "reset_after" }
reset = "delta_millis"
dimension = "calls"
window = "1m"
source = "https://acme.example/docs"

[[dialect]]
provider = "acme, tokens"
prefix = "acme-tokens-"
"#;

fn error(toml: &str) -> String {
    Reader::new().with_dialects_of(toml).unwrap_err().to_string()
}

#[test]
fn a_vendor_is_read_as_its_table_says() {
    let reader = Reader::new().with_dialects_of(ACME).unwrap();
    let headers = [
        ("X-Acme-Quota-Allowed", "100"),
        ("X-Acme-Quota-Left", "7"),
        ("X-Acme-Quota-Reset", "1500"),
        ("Acme-Tokens-Limit-Day", "5"),
    ];
    let reading = reader.read(&Head::new(200, &headers), NOW).to_json();
    assert_eq!(reading["limits"][0], window("calls", 100, 7, 1500, 60_000));
    assert_eq!(reading["limits"][1], window("requests", 5, NONE, NONE, 86_400_000));
}

#[test]
fn a_table_goes_before_what_is_built_in() {
    let toml = "[[dialect]]\nprovider = 'odd'\nprefix = 'x-ratelimit-'\nreset = 'delta_millis'";
    let reader = Reader::new().with_dialects_of(toml).unwrap();
    let headers = [("x-ratelimit-reset", "2000"), ("x-ratelimit-limit", "5")];
    let reading = reader.read(&Head::new(200, &headers), NOW).to_json();
    assert_eq!(reading["limits"][0]["reset_after_ms"], 2000);
}

#[test]
fn loading_a_file_again_gives_the_same_dialects() {
    let twice = || format!("{:?}", Reader::new().with_dialects_of(ACME).unwrap());
    assert_eq!(twice(), twice());
}

#[test]
fn an_error_says_where_and_what_it_must_be() {
    for (toml, place, text) in [
        ("dialect = 5", "line 1", "invalid type"),
        ("[[dialect]]\nprovider = 'x'", "line 1", "missing field `prefix`"),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'X-Acme-'",
            "line 3",
            "prefix is \"X-Acme-\", must be lower-case letters, digits and hyphens",
        ),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'x-'",
            "line 3",
            "prefix is \"x-\", must have four letters or more",
        ),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'x-acme-'\nresets = 'by_size'",
            "line 4",
            "unknown field `resets`",
        ),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'x-acme-'\nreset = 'seconds'",
            "line 4",
            "unknown variant `seconds`, expected one of `by_size`, `delta_seconds`",
        ),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'x-acme-'\nwords = { Left = 'remaining' }",
            "line 4",
            "word is \"Left\", must be lower-case letters, digits and hyphens",
        ),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'x-acme-'\nwindow = '0s'",
            "line 4",
            "window is \"0s\", must be above 0",
        ),
        (
            "[[dialect]]\nprovider = 'x'\nprefix = 'x-acme-'\nwindow = '1 parsec'",
            "line 4",
            "parsec",
        ),
    ] {
        let error = error(toml);
        assert!(error.contains(place) && error.contains(text), "{toml}\n{error}");
    }
}
