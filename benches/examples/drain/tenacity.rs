//! Python's tenacity in a virtual environment of its own.

use std::error::Error;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use crate::{ATTEMPTS, CALLERS, DELAY, DELAY_MAX, REQUESTS};

/// Prints how many were served and the seconds that it took.
const PROGRAM: &str = include_str!("tenacity.py");

/// Runs the same drain; an error where Python or tenacity cannot be had.
pub(crate) fn drain(url: &str) -> Result<(usize, Duration), Box<dyn Error>> {
    let folder = env::temp_dir().join("forbear-drain-tenacity");
    let python = folder.join("bin/python3");
    let has_tenacity = || run(Command::new(&python).args(["-c", "import tenacity"])).is_ok();
    if !has_tenacity() {
        fs::create_dir_all(&folder)?;
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "tenacity"]))?;
    }
    let seconds = |duration: Duration| duration.as_secs_f64().to_string();
    let numbers = [
        REQUESTS.to_string(),
        CALLERS.to_string(),
        ATTEMPTS.to_string(),
        seconds(DELAY),
        seconds(DELAY_MAX),
    ];
    let printed = run(Command::new(&python).args(["-c", PROGRAM, url]).args(numbers))?;
    let (done, took) = printed.trim().split_once(' ').ok_or("it printed no two numbers")?;
    Ok((done.parse()?, Duration::from_secs_f64(took.parse()?)))
}

fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
