//! How a command ends.

use std::io;
use std::process::ExitCode;

use crate::problem::Problem;

/// An exit code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// Done.
    Success,
    /// Something that no input explains, such as a full disk.
    Unexpected,
    /// Wrong usage, or a file that cannot be used.
    Usage,
    /// A threshold or an invariant does not hold.
    Failed,
    /// There was nothing to do.
    NothingRan,
    /// Interrupted; the results so far are kept.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Success => 0,
            Exit::Unexpected => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
            Exit::NothingRan => 4,
            // 128 + SIGINT, as shells count.
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command did not get to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line is wrong.
    Usage {
        /// What clap says, with its colours.
        rendered: String,
        /// The same in short.
        problem: Box<Problem>,
    },
    /// Standard output does not take what is written.
    Write(io::Error),
    /// Anything else.
    Problem(Exit, Box<Problem>),
}

/// What came of showing something after which the command still has an exit code of its own:
/// that whoever reads standard output has had enough, as `head` has, is no other one.
pub(crate) fn though_unread(shown: Result<(), Failure>) -> Result<(), Failure> {
    match shown {
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        shown => shown,
    }
}

impl Failure {
    /// `problem` keeps the command from having anything to do.
    pub(crate) fn nothing_ran(problem: Problem) -> Self {
        Self::Problem(Exit::NothingRan, Box::new(problem))
    }

    /// `problem` is nobody's input.
    pub(crate) fn unexpected(problem: Problem) -> Self {
        Self::Problem(Exit::Unexpected, Box::new(problem))
    }
}

/// Standard output only: whoever reads or writes files tells which one failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

/// What is wrong with an input ends a command with the exit code for that.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(Exit::Usage, Box::new(problem))
    }
}
