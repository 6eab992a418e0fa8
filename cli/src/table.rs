//! Columns of text, aligned.

use clap::builder::styling::Style;

/// A table for a terminal: the first column to the left, numbers to the right.
#[derive(Debug)]
pub(crate) struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<Cell>>,
    is_left_aligned: bool,
    /// Columns that go first where there is no room, the last of them first.
    spare: Vec<usize>,
}

/// A text, perhaps stressed.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Table {
    /// A table with these titles.
    pub(crate) fn new<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Self {
        let titles = titles.into_iter().map(Into::into).collect();
        Self { titles, rows: Vec::new(), is_left_aligned: false, spare: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn push<C: Into<Cell>>(&mut self, row: impl IntoIterator<Item = C>) {
        self.rows.push(row.into_iter().map(Into::into).collect());
    }

    /// With every column to the left, for words.
    #[must_use]
    pub(crate) fn left_aligned(mut self) -> Self {
        self.is_left_aligned = true;
        self
    }

    /// With columns that can be missed where a terminal is too narrow for all.
    #[must_use]
    pub(crate) fn with_spare(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.spare = columns.into_iter().collect();
        self
    }

    /// The lines, with colours, for wherever there is room for all columns.
    pub(crate) fn render(&self) -> String {
        self.render_within(None)
    }

    /// The lines, with colours, for a terminal of so many columns.
    ///
    /// Titles take more than one line where the table would be wider than 80 columns
    /// otherwise. Spare columns are left out where that is wider than `room`, and only
    /// then: a file or a pipe, which has no `room`, gets them all.
    pub(crate) fn render_within(&self, room: Option<usize>) -> String {
        let mut columns: Vec<usize> = (0..self.titles.len()).collect();
        let mut spare = self.spare.clone();
        let mut folded = self.width(&columns, false) > room.unwrap_or(USUAL).min(USUAL);
        while let Some(room) = room
            && self.width(&columns, folded) > room
            && let Some(column) = spare.pop()
        {
            columns.retain(|other| *other != column);
            folded = self.width(&columns, false) > room;
        }
        let titles: Vec<Vec<String>> =
            columns.iter().map(|&column| self.title(column, folded)).collect();
        let lines = titles.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> =
            columns.iter().map(|&column| self.column_width(column, folded)).collect();
        let mut text = String::new();
        for line in 0..lines {
            // They stand on the first row, whatever their height.
            let cells: Vec<Cell> = titles
                .iter()
                .map(|title| {
                    let at = (line + title.len()).checked_sub(lines);
                    let words = at.and_then(|at| title.get(at)).cloned().unwrap_or_default();
                    Cell { text: words, style: Style::new().underline() }
                })
                .collect();
            self.write_line(&mut text, cells.iter(), &widths);
        }
        for row in &self.rows {
            let cells = columns.iter().filter_map(|&column| row.get(column));
            self.write_line(&mut text, cells, &widths);
        }
        text
    }

    fn write_line<'a>(
        &self,
        text: &mut String,
        cells: impl Iterator<Item = &'a Cell>,
        widths: &[usize],
    ) {
        let from = text.len();
        for (column, (cell, width)) in cells.zip(widths).enumerate() {
            let padding = " ".repeat(width - cell.width());
            let gap = if column == 0 { "" } else { "  " };
            let marked = cell.marked();
            if column == 0 || self.is_left_aligned {
                text.extend([gap, &marked, &padding]);
            } else {
                text.extend([gap, &padding, &marked]);
            }
        }
        let length = text[from..].trim_end_matches(' ').len();
        text.truncate(from + length);
        text.push('\n');
    }

    fn width(&self, columns: &[usize], folded: bool) -> usize {
        let gaps = 2 * columns.len().saturating_sub(1);
        columns.iter().map(|&column| self.column_width(column, folded)).sum::<usize>() + gaps
    }

    fn column_width(&self, column: usize, folded: bool) -> usize {
        let title = self.title(column, folded);
        let title = title.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        title.max(self.body_width(column))
    }

    fn body_width(&self, column: usize) -> usize {
        self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max().unwrap_or(0)
    }

    /// A title in one line, or in as many as its column is narrow.
    fn title(&self, column: usize, folded: bool) -> Vec<String> {
        let title = &self.titles[column];
        if folded { wrapped(title, self.body_width(column)) } else { vec![title.clone()] }
    }
}

/// Columns that a terminal has unless somebody made it wider.
const USUAL: usize = 80;

/// `text` in lines of the width of a terminal, and in one line elsewhere.
pub(crate) fn paragraph(text: &str, room: Option<usize>) -> String {
    room.map_or_else(|| text.to_owned(), |room| wrapped(text, room).join("\n"))
}

/// `text` in lines of at most `width` characters, longer ones where a word is.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let word_length = word.chars().count();
        if length > 0 && length + 1 + word_length > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += word_length;
        }
    }
    lines
}

impl Cell {
    /// The same, in bold where there are colours.
    #[must_use]
    pub(crate) fn bold(mut self) -> Self {
        self.style = self.style.bold();
        self
    }

    /// The text with its style; nothing around none, so that no line ends in codes.
    fn marked(&self) -> String {
        if self.text.is_empty() {
            return String::new();
        }
        let (on, off) = (self.style.render(), self.style.render_reset());
        format!("{on}{}{off}", self.text)
    }

    /// Characters, which are columns in all but East Asian names.
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

/// `text` in bold where there are colours.
pub(crate) fn stressed(text: &str) -> String {
    let style = Style::new().bold();
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_tail() {
        let mut table = Table::new(["name", "n"]);
        table.push(["a long one", "5"]);
        table.push(["b", "1234"]);
        assert_eq!(plain(&table, None), "name           n\na long one     5\nb           1234\n");
    }

    #[test]
    fn a_wide_table_has_titles_of_several_lines() {
        let mut table = Table::new(["name", "time to drain", "share"]);
        table.push([&"x".repeat(70), "5 s", "1 %"]);
        let lines = plain(&table, None);
        let lines: Vec<&str> = lines.lines().map(str::trim).collect();
        assert_eq!(lines[..2], ["time", "to"]);
        assert!(lines[2].starts_with("name") && lines[2].ends_with("drain  share"), "{lines:?}");
        assert!(plain(&table, None).lines().all(|line| line.chars().count() <= 84));
    }

    #[test]
    fn spare_columns_go_where_there_is_no_room_and_nowhere_else() {
        let mut table = Table::new(["name", "a", "b"]).with_spare([1]);
        table.push(["n", "1", "2"]);
        assert_eq!(plain(&table, Some(80)), "name  a  b\nn     1  2\n");
        assert_eq!(plain(&table, Some(7)), "name  b\nn     2\n");
        assert_eq!(plain(&table, Some(2)), "name  b\nn     2\n");
    }

    #[test]
    fn words_are_not_broken() {
        assert_eq!(wrapped("two words", 9), ["two words"]);
        assert_eq!(wrapped("two words", 8), ["two", "words"]);
        assert_eq!(wrapped("longer than that", 4), ["longer", "than", "that"]);
    }

    fn plain(table: &Table, room: Option<usize>) -> String {
        anstream::adapter::strip_str(&table.render_within(room)).to_string()
    }
}
