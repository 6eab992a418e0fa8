//! Columns of text, aligned.

use clap::builder::styling::Style;

/// A table for a terminal: the first column to the left, numbers to the right.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
    is_left_aligned: bool,
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
        let title = |text: T| Cell { text: text.into(), style: Style::new().underline() };
        Self { rows: vec![titles.into_iter().map(title).collect()], is_left_aligned: false }
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

    /// The lines, with colours.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows.iter().filter_map(|row| row.get(column)).map(Cell::width).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let padding = " ".repeat(width - cell.width());
                let (on, off) = (cell.style.render(), cell.style.render_reset());
                let marked = format!("{on}{}{off}", cell.text);
                let gap = if column == 0 { "" } else { "  " };
                if column == 0 || self.is_left_aligned {
                    let is_last = column + 1 == row.len();
                    text.extend([gap, &marked, if is_last { "" } else { &padding }]);
                } else {
                    text.extend([gap, &padding, &marked]);
                }
            }
            text.push('\n');
        }
        text
    }
}

impl Cell {
    /// The same, in bold where there are colours.
    #[must_use]
    pub(crate) fn bold(mut self) -> Self {
        self.style = self.style.bold();
        self
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
        let plain = anstream::adapter::strip_str(&table.render()).to_string();
        assert_eq!(plain, "name           n\na long one     5\nb           1234\n");
    }
}
