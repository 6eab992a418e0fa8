use crate::support::run;

#[test]
fn a_kind_is_verified_with_any_parameters() {
    let words = ["verify", "--kind", "token_bucket", "--set", "rate=10", "--set", "burst=5"];
    let shown = run(&[&words[..], &["--set", "t=60"]].concat()).exits(0).stdout;
    assert!(shown.contains("605"), "{shown}");
    assert!(shown.contains("3 of 3 checks of 1 kind hold"), "{shown}");
    let json = run(&[&words[..], &["--set", "t=[0,60]", "--json"]].concat()).exits(0).json();
    let verdict = &json["verdicts"][0];
    assert_eq!(json["ok"], true);
    assert_eq!(verdict["parameters"]["burst"], 5);
    assert_eq!(verdict["checks"].as_array().unwrap().len(), 6);
    assert_eq!(verdict["checks"][5]["measured"], 605.0);
}

#[test]
fn what_cannot_be_verified_is_named() {
    for (words, message) in [
        (&["--kind", "token_buket"][..], "did you mean 'token_bucket'?"),
        (&["--set", "rate=1"], "--set is given without the kind"),
        (&["--kind", "mm1", "--set", "lambda=2"], "load is 2, must be at most 0.98"),
        (&["--kind", "mm1", "--set", "rho=2"], "unknown key 'rho'"),
        (&["--kind", "mm1", "--set", "rho"], "must be key=value"),
    ] {
        let ran = run(&[&["verify"], words].concat()).exits(2);
        assert!(ran.stderr.contains(message), "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn kinds_are_listed_with_their_formulas() {
    let shown = run(&["verify", "--list"]).exits(0).stdout;
    assert!(shown.contains("floor(burst + rate * t)"), "{shown}");
    let json = run(&["verify", "--list", "--json"]).exits(0).json();
    assert!(json["kinds"].as_array().unwrap().len() >= 25);
}
