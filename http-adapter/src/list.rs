//! A short list that lives inline and spills to the heap.
//!
//! A response carries one to six windows and rarely a malformed field: with the first
//! few in place, reading it allocates nothing. `smallvec` would need a dependency, and
//! `unsafe` is forbidden here; an array of options costs one discriminant an element.

/// Up to `N` elements inline, up to [`LIMIT`] in all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct List<T, const N: usize> {
    inline: [Option<T>; N],
    len: usize,
    spilled: Vec<T>,
}

/// No response needs more; a longer list is an attack on memory, and its rest is dropped.
const LIMIT: usize = 64;

impl<T, const N: usize> List<T, N> {
    pub(crate) const fn new() -> Self {
        Self { inline: [const { None }; N], len: 0, spilled: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an element, unless the list is full; returns the new element's place.
    pub(crate) fn push(&mut self, element: T) -> Option<usize> {
        let at = self.len;
        match self.inline.get_mut(at) {
            Some(place) => *place = Some(element),
            None if at < LIMIT => self.spilled.push(element),
            None => return None,
        }
        self.len += 1;
        Some(at)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if at < N { self.inline[at].as_mut() } else { self.spilled.get_mut(at - N) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.inline[..self.len.min(N)].iter().flatten().chain(&self.spilled)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.inline[..self.len.min(N)].iter_mut().flatten().chain(&mut self.spilled)
    }
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_order_when_it_spills_and_stops_at_its_limit() {
        let mut list = List::<usize, 2>::new();
        for number in 0..100 {
            assert_eq!(list.push(number), (number < LIMIT).then_some(number));
        }
        assert!(list.iter().copied().eq(0..LIMIT));
        assert_eq!(list.get_mut(1), Some(&mut 1));
        assert_eq!(list.get_mut(2), Some(&mut 2));
        assert_eq!(list.get_mut(LIMIT), None);
    }
}
