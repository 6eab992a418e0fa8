use forbear_redis::SharedQuotaSpec;

fn error(text: &str) -> String {
    match toml::from_str::<SharedQuotaSpec>(text) {
        Err(error) => error.message().to_owned(),
        Ok(spec) => spec.builder().unwrap_err().to_string(),
    }
}

const HEAD: &str = "name = 'a'\nredis = 'redis://127.0.0.1/'\n";

#[test]
fn a_table_is_read_and_written_back() {
    let text = format!(
        "{HEAD}lease = '2s'\ntimeout = '100ms'\nreconnect_within = '3s'\nwithout_redis = 'open'\nprefix = 'b'\n\
         [[limit]]\nkind = 'fixed_window'\nrate = '5000/h'\n\
         [[limit]]\nkind = 'rate'\ndimension = 'tokens'\nrate = '100/s'\n"
    );
    let spec: SharedQuotaSpec = toml::from_str(&text).unwrap();
    assert!(spec.builder().is_ok());
    assert_eq!(toml::from_str::<SharedQuotaSpec>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
}

#[test]
fn what_is_wrong_is_named() {
    assert!(error(HEAD).contains("missing field `limit`"));
    let limit = |limit: &str| error(&format!("{HEAD}[[limit]]\n{limit}"));
    assert!(limit("kind = 'gcra'\nrate = '1/s'").contains("unknown variant `gcra`"));
    assert!(limit("kind = 'rate'\nrate = '1/s'\nbrust = 3").contains("unknown field `brust`"));
    assert_eq!(
        limit("kind = 'rate'\nrate = '0/s'"),
        "rate is '0/s', must be a number above 0 per time, such as 500/min, 0.5/s or 100/10s"
    );
    assert_eq!(limit("kind = 'rate'\nrate = '1/s'\nburst = 0"), "burst is 0, must be at least 1");
    assert_eq!(
        limit("kind = 'window'\nrate = '5/50ms'"),
        "period is 50ms, must be from 100ms to ten years"
    );
    assert_eq!(
        limit("kind = 'window'\nrate = '5000000000/h'"),
        "rate is 5000000000/1h, must be at most 4294967295 per window"
    );
}
