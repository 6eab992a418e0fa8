use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use forbear_batch::{Batch, BatchError, ErrorKind};

use crate::support::{Folder, reply, run, serve};

const JOBS: u64 = 6;

/// The keys that each path came with.
type Keys = Arc<Mutex<BTreeMap<String, BTreeSet<String>>>>;

/// A server that says what was asked for.
fn echo() -> (String, Keys) {
    let keys = Keys::default();
    let seen = Arc::clone(&keys);
    let url = serve(move |head, stream| {
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
        let key = key.unwrap_or_default().to_owned();
        seen.lock().unwrap().entry(path.clone()).or_default().insert(key);
        reply(
            stream,
            "200 OK",
            "content-type: application/json\r\n",
            &format!("{{\"p\":\"{path}\"}}"),
        );
    });
    (url, keys)
}

fn lines() -> String {
    (1..=JOBS)
        .map(|n| format!("{{\"method\":\"POST\",\"path\":\"/{n}\",\"body\":{n}}}\n"))
        .collect()
}

fn open(batch: &Batch) -> Result<u64, BatchError> {
    let ready = batch.open(batch.scan().unwrap())?;
    Ok(ready.left())
}

#[test]
fn a_journal_that_was_cut_anywhere_loses_no_job_and_repeats_none() {
    let (url, keys) = echo();
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    let batch = folder.batch(&url);
    assert!(run(&batch).is_success());
    let (journal, results) = (folder.read("results.jsonl.journal"), folder.read("results.jsonl"));
    for cut in (0..=journal.len()).step_by(7).chain([journal.len()]) {
        folder.write("results.jsonl.journal", &journal[..cut]);
        folder.write("results.jsonl", &results);
        if cut == 0 {
            // Results without a journal may be anybody's.
            assert_eq!(open(&batch).unwrap_err().kind(), ErrorKind::Journal);
            continue;
        }
        let whole = journal[..cut].matches("\n").count();
        let done = journal.lines().take(whole).filter(|line| line.contains(r#"{"done""#)).count();
        if whole == 0 {
            // Not even the first line was whole: a batch that had just begun.
            folder.write("results.jsonl", "");
        }
        let ready = batch.open(batch.scan().unwrap()).unwrap();
        assert_eq!(ready.left(), JOBS - done as u64, "cut at {cut}");
        assert_eq!(ready.torn() > 0, !journal[..cut].ends_with('\n'), "cut at {cut}");
        drop(ready);
        assert!(run(&batch).is_success());
        let lines: BTreeSet<_> =
            folder.results("results.jsonl").iter().map(|result| result["line"].as_u64()).collect();
        assert_eq!(folder.results("results.jsonl").len() as u64, JOBS, "cut at {cut}");
        assert_eq!(lines.len() as u64, JOBS, "cut at {cut}");
    }
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len() as u64, JOBS);
    assert!(keys.values().all(|keys| keys.len() == 1), "the same key each time: {keys:?}");
}

#[test]
fn a_done_batch_sends_nothing_and_says_what_became_of_it() {
    let (url, _) = echo();
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    assert!(run(&folder.batch(&url)).is_success());
    let again = run(&folder.batch("http://127.0.0.1:1"));
    assert!(again.is_success());
    assert_eq!((again.progress.sends, again.progress.done, again.progress.done_before), (0, 6, 6));
}

#[test]
fn a_journal_of_another_input_name_or_version_is_refused() {
    let (url, _) = echo();
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    assert!(run(&folder.batch(&url)).is_success());
    let error = open(&folder.batch(&url).named("b")).unwrap_err();
    assert!(error.message().starts_with("is the journal of the batch '', not of 'b'"), "{error}");
    folder.write("requests.jsonl", lines() + "{\"path\":\"/7\"}\n");
    let error = open(&folder.batch(&url)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal);
    assert!(
        error.message().starts_with("is the journal of another input, of 234 bytes"),
        "{error}"
    );
    assert!(error.advice().is_some());

    let journal = folder.read("results.jsonl.journal");
    folder.write(
        "results.jsonl.journal",
        sealed(&unsealed(&journal).replace("\"forbear_batch\":1", "\"forbear_batch\":2")),
    );
    let error = open(&folder.batch(&url)).unwrap_err();
    assert!(error.message().starts_with("is of version 2 of the format, must be of 1"), "{error}");
}

/// The JSON of the first line.
fn unsealed(journal: &str) -> String {
    journal.lines().next().unwrap()[9..].to_owned()
}

fn sealed(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(text);
    format!("{:02x}{:02x}{:02x}{:02x} {text}\n", digest[0], digest[1], digest[2], digest[3])
}

#[test]
fn a_file_that_is_no_journal_is_kept_as_it_is() {
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    for content in ["dear diary", "dear diary\nof mine\n", "{\"path\":\"/1\"}\n", "12345678 {}\n"] {
        let path = folder.write("other", content);
        let error = open(&folder.batch("http://127.0.0.1:1").journal_at(&path)).unwrap_err();
        assert_eq!(error.message(), "is no journal of a batch", "{content}");
        assert_eq!(folder.read("other"), content);
    }
    let error = open(&folder.batch("http://127.0.0.1:1").journal_at(folder.path("requests.jsonl")));
    assert_eq!(error.unwrap_err().message(), "is to be the journal too, must be a file of its own");
    assert_eq!(folder.read("requests.jsonl"), lines());
}

#[test]
fn a_line_that_was_changed_in_the_middle_is_told() {
    let (url, _) = echo();
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    assert!(run(&folder.batch(&url)).is_success());
    let journal = folder.read("results.jsonl.journal");
    folder.write("results.jsonl.journal", journal.replacen("\"sends\":1", "\"sends\":2", 1));
    let error = open(&folder.batch(&url)).unwrap_err();
    assert_eq!((error.line(), error.kind()), (Some(2), ErrorKind::Journal));
    assert_eq!(error.message(), "does not have the checksum that it was written with");
}

#[test]
fn results_that_were_changed_are_told_and_those_that_the_power_took_are_asked_for_again() {
    let (url, _) = echo();
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    assert!(run(&folder.batch(&url)).is_success());
    let (journal, results) = (folder.read("results.jsonl.journal"), folder.read("results.jsonl"));
    folder.write("results.jsonl", results.replacen("\"ok\":true", "\"ok\":null", 1));
    let error = open(&folder.batch(&url)).unwrap_err();
    assert!(error.message().contains("is not as it was left"), "{error}");
    assert_eq!(folder.read("results.jsonl.journal"), journal, "nothing was changed");

    // Before the disk had them: no mark says that it had.
    let unsynced: String = journal
        .lines()
        .filter(|line| !line.contains("synced"))
        .map(|line| format!("{line}\n"))
        .collect();
    folder.write("results.jsonl.journal", unsynced);
    folder.write("results.jsonl", &results[..results.len() / 2]);
    let ready = folder.batch(&url).open(folder.batch(&url).scan().unwrap()).unwrap();
    assert_eq!((ready.left(), ready.lost()), (3, 3));
    drop(ready);
    assert!(run(&folder.batch(&url)).is_success());
    assert_eq!(folder.results("results.jsonl").len(), 6);
    let again = run(&folder.batch(&url));
    assert_eq!((again.is_success(), again.progress.sends), (true, 0));
}

#[test]
fn only_one_process_works_on_a_batch() {
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    let batch = folder.batch("http://127.0.0.1:1");
    let first = batch.open(batch.scan().unwrap()).unwrap();
    let error = open(&batch).unwrap_err();
    assert_eq!(error.message(), "is held by another process, which works on this batch");
    drop(first);
    assert_eq!(open(&batch).unwrap(), JOBS);
}

#[test]
fn results_of_something_else_are_not_overwritten() {
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    folder.write("results.jsonl", "precious\n");
    let batch = folder.batch("http://127.0.0.1:1");
    for batch in [batch.clone(), batch.ordered()] {
        let error = open(&batch).unwrap_err();
        assert!(error.message().starts_with("has results already"), "{error}");
        assert_eq!(folder.read("results.jsonl"), "precious\n");
        let _ = fs::remove_file(batch.journal());
    }
}

/// A server that refuses odd paths for good as long as it `is_broken`.
fn moody(is_broken: &Arc<AtomicBool>) -> (String, Keys) {
    let (keys, is_broken) = (Keys::default(), Arc::clone(is_broken));
    let seen = Arc::clone(&keys);
    let url = serve(move |head, stream| {
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: "));
        seen.lock().unwrap().entry(path.clone()).or_default().insert(key.unwrap().to_owned());
        let is_odd = path.trim_start_matches('/').parse::<u64>().unwrap() % 2 == 1;
        let status = if is_odd && is_broken.load(Ordering::Relaxed) {
            "422 Unprocessable Content"
        } else {
            "200 OK"
        };
        reply(stream, status, "", "{}");
    });
    (url, keys)
}

#[test]
fn failed_jobs_are_sent_again_when_that_is_asked_for() {
    let is_broken = Arc::new(AtomicBool::new(true));
    let (url, keys) = moody(&is_broken);
    for ordered in [false, true] {
        is_broken.store(true, Ordering::Relaxed);
        let folder = Folder::new();
        folder.write("requests.jsonl", lines());
        let batch = folder.batch(&url);
        let batch = if ordered { batch.ordered() } else { batch };
        assert_eq!(run(&batch).progress.failed, 3);
        let again = run(&batch);
        assert_eq!((again.progress.sends, again.progress.failed), (0, 3), "they are done");
        // They fail once more, and then they do not.
        let again = run(&batch.clone().retry_failed());
        assert_eq!((again.progress.sends, again.progress.failed), (3, 3));
        is_broken.store(false, Ordering::Relaxed);
        let ready = batch.clone().retry_failed().open(batch.scan().unwrap()).unwrap();
        assert_eq!((ready.retried(), ready.left()), (3, 3));
        drop(ready);
        // Opened, they are not done any more, whoever goes on with them.
        let again = run(&batch);
        assert!(again.is_success());
        assert_eq!((again.progress.sends, again.progress.done), (3, 6));
        let results = folder.results("results.jsonl");
        let attempts: BTreeMap<_, _> = results
            .iter()
            .map(|result| (result["line"].as_u64().unwrap(), result["attempts"].as_u64().unwrap()))
            .collect();
        assert_eq!(results.len(), 6);
        assert!(results.iter().all(|result| result["ok"] == true));
        assert_eq!(attempts.into_values().collect::<Vec<_>>(), [3, 1, 3, 1, 3, 1]);
        assert_eq!(run(&batch.clone().retry_failed()).progress.sends, 0);
        let left = ["results.jsonl.again", "results.jsonl.journal.again"];
        assert!(left.iter().all(|name| !folder.path(name).exists()));
    }
    assert!(keys.lock().unwrap().values().all(|keys| keys.len() == 1), "the same key each time");
}

#[test]
fn a_kill_while_failed_jobs_are_taken_out_loses_nothing() {
    let is_broken = Arc::new(AtomicBool::new(true));
    let (url, _) = moody(&is_broken);
    let folder = Folder::new();
    folder.write("requests.jsonl", lines());
    let batch = folder.batch(&url);
    assert_eq!(run(&batch).progress.failed, 3);
    let names = ["results.jsonl", "results.jsonl.journal"];
    let old = names.map(|name| folder.read(name));
    drop(batch.clone().retry_failed().open(batch.scan().unwrap()).unwrap());
    let new = names.map(|name| folder.read(name));
    assert!(old[0] != new[0] && old[1] != new[1]);
    let beside = |name: &str| format!("{name}.again");
    let left = |files: &[(&str, &str)]| {
        for name in names {
            let _ = fs::remove_file(folder.path(&beside(name)));
        }
        for (name, content) in files {
            folder.write(name, *content);
        }
        let left = open(&batch).unwrap();
        for name in names {
            assert!(!folder.path(&beside(name)).exists());
        }
        (left, folder.results("results.jsonl").len())
    };
    let [results, journal] = names;
    let (results_beside, journal_beside) = (beside(results), beside(journal));
    // Before the journal took its place, nothing has happened.
    let old_files = [(results, old[0].as_str()), (journal, old[1].as_str())];
    let half = (results_beside.as_str(), &new[0][..new[0].len() / 2]);
    assert_eq!(left(&[old_files[0], old_files[1], half]), (0, 6));
    let both = [(results_beside.as_str(), new[0].as_str()), (journal_beside.as_str(), &new[1])];
    assert_eq!(left(&[old_files[0], old_files[1], both[0], both[1]]), (0, 6));
    // After it, the results follow.
    assert_eq!(left(&[old_files[0], (journal, &new[1]), both[0]]), (3, 3));
    assert_eq!(left(&[(results, &new[0]), (journal, &new[1])]), (3, 3));
    is_broken.store(false, Ordering::Relaxed);
    assert!(run(&batch).is_success());
    assert_eq!(folder.results("results.jsonl").len(), 6);
}
