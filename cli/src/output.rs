//! Where a command writes: data to standard output, the rest to standard error.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};

use crate::problem::Problem;

/// The two streams, with colours where they are wanted.
pub(crate) struct Output {
    data: Box<dyn Write>,
    messages: AutoStream<io::Stderr>,
    json: bool,
    quiet: bool,
    live: bool,
    room: Option<usize>,
}

impl Output {
    /// The streams of this process.
    ///
    /// `words` is the command line: `--json` and `--color` must hold for the
    /// errors of its own parsing too.
    pub(crate) fn new(words: &[OsString]) -> Self {
        let choice = color_choice(words);
        let stderr = io::stderr();
        let live = stderr.is_terminal();
        Self {
            data: Box::new(AutoStream::new(io::stdout().lock(), choice)),
            // Not locked: the progress bar draws from other threads.
            messages: AutoStream::new(stderr, choice),
            json: options(words).any(|word| word == "--json"),
            quiet: false,
            live,
            room: terminal_size::terminal_size_of(io::stdout())
                .map(|(width, _)| usize::from(width.0)),
        }
    }

    /// Without progress and remarks, if `quiet`.
    pub(crate) fn hush(&mut self, quiet: bool) {
        self.quiet = quiet;
    }

    /// Whether data and errors are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether progress is shown: to a person who looks on.
    pub(crate) fn is_live(&self) -> bool {
        self.live && !self.quiet
    }

    /// The columns of the terminal that data go to; `None` where they go elsewhere.
    pub(crate) fn room(&self) -> Option<usize> {
        self.room
    }

    /// Standard output.
    pub(crate) fn data(&mut self) -> &mut dyn Write {
        &mut *self.data
    }

    /// A remark on standard error; not if `--quiet`.
    pub(crate) fn remark(&mut self, text: &str) {
        if !self.quiet {
            self.message(&format!("{text}\n"));
        }
    }

    /// An error on standard error.
    pub(crate) fn problem(&mut self, problem: &Problem) {
        let text = self.text_of(problem);
        self.message(&text);
    }

    /// An error as it stands on standard error, for another thread to write.
    pub(crate) fn text_of(&self, problem: &Problem) -> String {
        if self.json {
            return format!("{}\n", problem.json());
        }
        match self.messages.current_choice() {
            ColorChoice::Never => strip_str(&problem.render()).to_string(),
            _ => problem.render(),
        }
    }

    /// Text on standard error.
    pub(crate) fn message(&mut self, text: &str) {
        // There is no place left to complain to.
        let _ = self.messages.write_all(text.as_bytes());
        let _ = self.messages.flush();
    }

    /// Hands on what is still held.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }
}

fn color_choice(words: &[OsString]) -> ColorChoice {
    let mut choice = ColorChoice::Auto;
    let mut words = options(words).peekable();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.peek().copied(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        choice = match value {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            Some("auto") => ColorChoice::Auto,
            _ => choice,
        };
    }
    choice
}

/// The words that may be options: text, up to `--`.
fn options(words: &[OsString]) -> impl Iterator<Item = &str> {
    words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_choice_of_colour_holds() {
        let choice =
            |line: &str| color_choice(&line.split(' ').map(Into::into).collect::<Vec<_>>());
        assert_eq!(choice("forbear delays"), ColorChoice::Auto);
        assert_eq!(choice("forbear --color never delays"), ColorChoice::Never);
        assert_eq!(choice("forbear --color=never --color=always"), ColorChoice::Always);
        assert_eq!(choice("forbear --color"), ColorChoice::Auto);
        assert_eq!(choice("forbear -- --color=never"), ColorChoice::Auto);
    }
}
