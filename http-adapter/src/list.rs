//! A short list that lives inline and moves to the heap when it grows.
//!
//! A response carries one to six windows: with those in place, reading it allocates
//! nothing. `smallvec` would be a dependency, and `unsafe` is forbidden here; an array of
//! options costs one discriminant an element, which the niche of a `Cow` gives for free.

/// Up to `N` elements inline, up to [`LIMIT`] in all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct List<T, const N: usize> {
    inline: [Option<T>; N],
    len: usize,
    /// All elements, once there are more than `N`.
    grown: Vec<Option<T>>,
}

/// No response needs more; a longer list is an attack on memory, and its rest is dropped.
pub(crate) const LIMIT: usize = 64;

impl<T, const N: usize> List<T, N> {
    #[expect(clippy::inline_always, reason = "a call would make it elsewhere and copy it")]
    #[inline(always)]
    pub(crate) fn new() -> Self {
        // Not a repeated constant, which is copied whole: this writes the discriminants.
        Self { inline: std::array::from_fn(|_| None), len: 0, grown: Vec::new() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Adds an element, unless the list is full; returns the new element's place.
    #[inline]
    pub(crate) fn push(&mut self, element: T) -> Option<usize> {
        let at = self.len;
        if at >= LIMIT {
            return None;
        }
        match self.inline.get_mut(at) {
            Some(place) => *place = Some(element),
            None => self.grow(element),
        }
        self.len += 1;
        Some(at)
    }

    #[cold]
    fn grow(&mut self, element: T) {
        if self.grown.is_empty() {
            self.grown.extend(self.inline.iter_mut().map(Option::take));
        }
        self.grown.push(Some(element));
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.places_mut().get_mut(at)?.as_mut()
    }

    /// The place of the first element that `is_it` holds for.
    pub(crate) fn position(&self, is_it: impl Fn(&T) -> bool) -> Option<usize> {
        let places = if self.len > N { self.grown.as_slice() } else { &self.inline[..self.len] };
        places.iter().position(|place| place.as_ref().is_some_and(&is_it))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let places = if self.len > N { self.grown.as_slice() } else { &self.inline[..self.len] };
        places.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places_mut().iter_mut().flatten()
    }

    fn places_mut(&mut self) -> &mut [Option<T>] {
        if self.len > N { &mut self.grown } else { &mut self.inline[..self.len] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_its_order_when_it_grows_and_stops_at_its_limit() {
        let mut list = List::<usize, 2>::new();
        for number in 0..100 {
            assert_eq!(list.push(number), (number < LIMIT).then_some(number));
            assert!(list.iter().copied().eq(0..=number.min(LIMIT - 1)));
        }
        assert_eq!(list.len(), LIMIT);
        assert_eq!(list.get_mut(1), Some(&mut 1));
        assert_eq!(list.get_mut(2), Some(&mut 2));
        assert_eq!(list.get_mut(LIMIT), None);
    }
}
