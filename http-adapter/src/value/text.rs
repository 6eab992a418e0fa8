//! Octet strings: optional whitespace, comma lists and a cursor for fixed formats.

/// Removes optional whitespace (RFC 9110, section 5.6.3: SP and HTAB, nothing else).
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    // A parser of HTTP has trimmed it already.
    if let [first, .., last] = value
        && *first > b' '
        && *last > b' '
    {
        return value;
    }
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// The non-empty members of a list, split at `separator` outside double quotes and trimmed.
///
/// Empty members are skipped, as RFC 9110, section 5.6.1.2 asks of a recipient.
pub(crate) fn split(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    segments(value, separator).filter(|member| !member.is_empty())
}

/// All members of a list, split at `separator` outside double quotes and trimmed.
pub(crate) fn segments(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let value = rest?;
        let end = end_of_member(value, separator);
        rest = value.get(end + 1..);
        Some(trim(&value[..end]))
    })
}

fn end_of_member(value: &[u8], separator: u8) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, &byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if byte == separator && !quoted => return at,
            _ => {}
        }
    }
    value.len()
}

/// Splits at the first `separator` and trims both sides.
pub(crate) fn split_once(value: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = value.iter().position(|&byte| byte == separator)?;
    Some((trim(&value[..at]), trim(&value[at + 1..])))
}

/// Whether the value is a number with thousands separators: `^\d{1,3}(,\d{3})+$`.
///
/// `1,000` is one thousand or the list of 1 and 0. Neither reading is safe, so such a
/// value is refused.
pub(crate) fn has_thousands_separators(value: &[u8]) -> bool {
    let mut groups = value.split(|&byte| byte == b',');
    let all_digits = |group: &[u8]| group.iter().all(u8::is_ascii_digit);
    let first =
        groups.next().is_some_and(|group| matches!(group.len(), 1..=3) && all_digits(group));
    let mut more = false;
    first && groups.all(|group| (group.len() == 3 && all_digits(group), more = true).0) && more
}

/// A position in a value of fixed format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Takes exactly `count` digits.
    pub(crate) fn digits(&mut self, count: usize) -> Option<u32> {
        let (head, rest) = self.0.split_at_checked(count)?;
        let number = head.iter().try_fold(0_u32, |number, &byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    /// Takes `text`, octet for octet.
    pub(crate) fn literal(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Takes one octet out of `any`.
    pub(crate) fn one_of(&mut self, any: &[u8]) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        any.contains(&byte).then(|| self.0 = rest)?;
        Some(byte)
    }

    /// Takes one of `words`, and tells which.
    pub(crate) fn word(&mut self, words: &[&str]) -> Option<u32> {
        let (at, rest) = (0..)
            .zip(words)
            .find_map(|(at, word)| self.0.strip_prefix(word.as_bytes()).map(|rest| (at, rest)))?;
        self.0 = rest;
        Some(at)
    }

    /// Takes the octets that `keep` accepts, perhaps none.
    pub(crate) fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|&byte| !keep(byte)).unwrap_or(self.0.len());
        let (head, rest) = self.0.split_at(end);
        self.0 = rest;
        head
    }

    /// Whether nothing is left.
    pub(crate) const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}
