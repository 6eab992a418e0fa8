use std::time::Duration;

use forbear_core::{
    Cost, Dimension, Observation, Outcome, Quantity, Quota, Quotas, Scope, Throttle, Timestamp,
};
use forbear_http::trace::{CallEnd, TraceAttempt, TraceEnd, TraceEntry, TraceReader};
use proptest::prelude::*;

const HEADER: &str = r#"{"forbear_trace":1,"started_unix_ms":1787227200000}"#;
const REFUSED: &str = r#"{"call":7,"attempt":1,"arrived_ns":1,"sent_ns":2,"answered_ns":9,"scope":"a","cost":{"requests":1,"tokens":100},"observation":{"outcome":{"throttled":"rate_limit"},"retry_after":{"secs":3,"nanos":0},"code":429}}"#;
const ENDED: &str =
    r#"{"call":7,"arrived_ns":1,"scope":"a","cost":{"requests":1},"end":"time","ended_ns":20}"#;

fn read(text: &str) -> Result<(Vec<TraceEntry>, u64), String> {
    let mut reader = TraceReader::new(text.as_bytes()).map_err(|error| error.to_string())?;
    let entries = reader.by_ref().collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    Ok((entries, reader.lost()))
}

fn refusal_of(line: &str) -> String {
    read(&format!("{HEADER}\n{line}\n")).unwrap_err()
}

#[test]
fn the_documented_lines_are_read() {
    let document = include_str!("../../../docs/TRACE.md");
    let example = document.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let (entries, lost) = read(example).unwrap();
    assert_eq!((entries.len(), lost), (3, 12));
    let written: Vec<_> =
        entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
    let lines: Vec<_> =
        example.lines().skip(1).filter(|line| !line.starts_with(r#"{"lost"#)).collect();
    assert_eq!(written, lines, "they are what is written, too");
}

#[test]
fn an_attempt_and_an_end_without_one_are_read() {
    let (entries, lost) = read(&format!("{HEADER}\n{REFUSED}\n\n{{\"lost\":3}}\n{ENDED}")).unwrap();
    let mut observation = Observation::throttled(Some(Duration::from_secs(3)));
    observation.code = Some(429);
    let at = Timestamp::from_nanos;
    let attempt = TraceAttempt { number: 1, sent_at: at(2), answered_at: at(9), observation };
    let refused = TraceEntry {
        call: 7,
        arrived_at: at(1),
        scope: Some("a".to_owned()),
        cost: Cost::REQUEST.with(Dimension::Tokens, 100),
        attempt: Some(attempt),
        end: None,
    };
    let end = TraceEnd { at: at(20), how: CallEnd::Time };
    let ended =
        TraceEntry { cost: Cost::REQUEST, attempt: None, end: Some(end), ..refused.clone() };
    assert_eq!((entries, lost), (vec![refused, ended], 3));
}

#[test]
fn a_trace_begins_with_a_header_of_this_version() {
    let no_header = "line 1: the trace does not begin with its header, such as \
                     {\"forbear_trace\":1,\"started_unix_ms\":1787227200000}";
    for text in ["", REFUSED, "[]", "\u{0}"] {
        assert_eq!(read(text).unwrap_err(), no_header);
    }
    let late = HEADER.replace("1787227200000", "1e20");
    let wrong = "line 1: started_unix_ms: invalid type: floating point `1e+20`, expected u64";
    assert_eq!(read(&late).unwrap_err(), wrong);
    let newer = read(r#"{"forbear_trace":2,"started_unix_ms":0}"#);
    assert_eq!(newer.unwrap_err(), "line 1: forbear_trace is 2, must be 1");
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number() {
    for (from, to, message) in [
        ("\"call\":7,", "", "missing field `call`"),
        ("\"sent_ns\":2", "\"sent_ns\":0", "sent_ns is 0, must be at least arrived_ns, which is 1"),
        ("\"attempt\":1", "\"attempt\":0", "attempt is 0, must be at least 1"),
        ("\"call\":7", "\"call\":-7", "call: invalid value: integer `-7`, expected u64"),
        (
            "\"sent_ns\":2,",
            "",
            "some of attempt, sent_ns, answered_ns and observation are missing, must be all or none",
        ),
        (
            "tokens",
            "token",
            "cost has \"token\", must be one of requests, tokens, input_tokens, output_tokens, \
             points, custom_1, custom_2, custom_3",
        ),
        (
            "\"outcome\":{\"throttled\":\"rate_limit\"}",
            "\"outcome\":\"odd\"",
            "observation.outcome: unknown variant `odd`, expected one of `success`, `throttled`, `transient`, \
             `permanent`, `ignored`",
        ),
    ] {
        assert_eq!(refusal_of(&REFUSED.replace(from, to)), format!("line 2: {message}"));
    }
    let half = ENDED.replace(",\"ended_ns\":20", "");
    assert_eq!(refusal_of(&half), "line 2: one of end and ended_ns is missing, must be both");
    let empty = half.replace(",\"end\":\"time\"", "");
    let message = "line 2: neither attempt nor end is there, must be at least one";
    assert_eq!(refusal_of(&empty), message);
}

#[test]
fn what_editors_and_archives_make_of_a_trace_is_known() {
    let (entries, _) = read(&format!("\u{feff}{HEADER}\r\n{REFUSED}\r\n")).unwrap();
    assert_eq!(entries.len(), 1);
    let packed = TraceReader::new(&b"\x1f\x8b\x08\x00\x00\n"[..]).unwrap_err();
    assert_eq!(packed.to_string(), "line 1: the trace is compressed with gzip, must be plain text");
}

#[test]
fn an_end_of_a_later_version_is_some_other_end() {
    let (entries, _) = read(&format!("{HEADER}\n{}", ENDED.replace("time", "eaten"))).unwrap();
    assert_eq!(entries[0].end.unwrap().how, CallEnd::Other);
}

#[test]
fn a_trace_that_was_cut_off_is_read_up_to_there() {
    let whole = format!("{HEADER}\n{REFUSED}\n{ENDED}");
    let mut reader = TraceReader::new(&whole.as_bytes()[..whole.len() - 3]).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().call, 7);
    let error = reader.next().unwrap().unwrap_err();
    assert!(error.is_cut_off());
    assert_eq!(error.to_string(), "line 3: the trace was cut off within its last line");
    assert!(reader.next().is_none());
}

#[test]
fn a_line_without_end_is_not_read_into_memory() {
    let endless = std::io::Read::chain(HEADER.as_bytes(), &b"\n"[..]);
    let endless = std::io::Read::chain(endless, std::io::repeat(b'x'));
    let mut reader = TraceReader::new(std::io::BufReader::new(endless)).unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "line 2: the line is longer than 65536 bytes");
}

#[test]
fn traces_that_follow_one_another_are_read_as_parts() {
    let later = HEADER.replace("1787227200000", "1787227209000");
    let text = format!("{HEADER}\n{REFUSED}\n{later}\n{{\"lost\":2}}\n{ENDED}\n");
    let mut reader = TraceReader::new(text.as_bytes()).unwrap();
    assert_eq!(reader.next().unwrap().unwrap().call, 7);
    assert_eq!((reader.part(), reader.started_unix_ms()), (1, 1_787_227_200_000));
    assert_eq!(reader.next().unwrap().unwrap().call, 7);
    assert_eq!((reader.part(), reader.started_unix_ms()), (2, 1_787_227_209_000));
    assert_eq!((reader.lost(), reader.line()), (2, 5));
}

#[test]
fn one_can_go_on_after_what_cannot_be_read() {
    let long = "x".repeat(200_000);
    let newer = HEADER.replace(":1,", ":7,");
    // What is of another version is passed over up to the next header.
    let text = format!("{HEADER}\n{long}\nodd\n{newer}\n{REFUSED}\n{HEADER}\n{ENDED}\n");
    let mut reader = TraceReader::new(text.as_bytes()).unwrap();
    let mut errors = Vec::new();
    let entry = loop {
        match reader.next() {
            Some(Ok(entry)) => break entry,
            Some(Err(error)) => errors.push(error.to_string()),
            None => panic!("there is one more"),
        }
        assert!(reader.next().is_none(), "there is no entry until one asks for it");
        reader.resume();
    };
    let expected = [
        "line 2: the line is longer than 65536 bytes",
        "line 3: expected value in column 1",
        "line 4: forbear_trace is 7, must be 1",
    ];
    assert_eq!(errors, expected);
    assert_eq!((entry.call, entry.attempt, reader.part()), (7, None, 2));
    assert!(reader.next().is_none());
}

#[test]
fn a_source_that_breaks_is_not_read_on() {
    /// Has a header and then fails.
    struct Broken(&'static [u8]);

    impl std::io::Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(std::io::Error::other("the disk is gone"));
            }
            std::io::Read::read(&mut self.0, buffer)
        }
    }

    let header = b"{\"forbear_trace\":1,\"started_unix_ms\":0}\n";
    let mut reader = TraceReader::new(std::io::BufReader::new(Broken(header))).unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "line 2: the trace cannot be read: the disk is gone");
    reader.resume();
    assert!(reader.next().is_none());
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let outcome = prop::sample::select(vec![
        Outcome::Success,
        Outcome::Throttled(Throttle::Overload),
        Outcome::Throttled(Throttle::QuotaExhausted),
        Outcome::Transient,
        Outcome::Permanent,
        Outcome::Ignored,
    ]);
    let quota = (any::<u64>(), any::<u64>(), any::<bool>()).prop_map(|(micros, nanos, counted)| {
        Quota::new(counted.then_some(Dimension::Custom2))
            .with_limit(Quantity::from_micros(micros))
            .with_resets_in(Duration::from_nanos(nanos))
    });
    let quotas = prop::collection::vec(quota, 0..9).prop_map(|quotas| quotas.into_iter().collect());
    let scope = prop::option::of(".{0,60}".prop_map(|name| Scope::new(&name)));
    let wait = prop::option::of(any::<Duration>());
    (outcome, wait, quotas, scope, any::<Option<u16>>(), any::<Option<u32>>()).prop_map(
        |(outcome, retry_after, quotas, scope, code, tokens): (_, _, Quotas, _, _, _)| {
            let mut seen = Observation::new(outcome);
            (seen.retry_after, seen.quotas) = (retry_after, quotas);
            (seen.scope, seen.code) = (scope, code);
            seen.usage = tokens.map(|tokens| Cost::ZERO.with(Dimension::OutputTokens, tokens));
            seen
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(
        call in any::<u64>(),
        times in any::<[u64; 3]>(),
        scope in any::<Option<String>>(),
        units in any::<[u32; 8]>(),
        number in 1..=u32::MAX,
        observation in any_observation(),
        is_over in any::<bool>(),
    ) {
        let mut times = times.map(Timestamp::from_nanos);
        times.sort_unstable();
        let [arrived_at, sent_at, answered_at] = times;
        let units = Dimension::ALL.into_iter().zip(units);
        let cost = units.fold(Cost::ZERO, |cost, (what, units)| cost.with(what, units));
        let attempt = TraceAttempt { number, sent_at, answered_at, observation };
        let end = is_over.then_some(TraceEnd { at: answered_at, how: CallEnd::Budget });
        let entry = TraceEntry { call, arrived_at, scope, cost, attempt: Some(attempt), end };
        let line = serde_json::to_string(&entry).unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(serde_json::from_str::<TraceEntry>(&line).unwrap(), entry);
    }

    #[test]
    fn no_octets_make_the_reader_panic(octets in any::<Vec<u8>>()) {
        let mut text = HEADER.as_bytes().to_vec();
        text.push(b'\n');
        text.extend(octets);
        let _ = TraceReader::new(&text[..]).unwrap().count();
    }
}
