//! Lists that share their memory.

/// Entries of a block: with their times somewhat less than half a page.
const BLOCK: usize = 64;

/// No block.
const NONE: u32 = u32::MAX;

/// The memory of many lists, in blocks; those that are free are used again, the last one
/// first.
#[derive(Debug)]
pub(super) struct Blocks<T> {
    /// Each for itself, since a memory that grew as one would be moved.
    memory: Vec<Box<[T; BLOCK]>>,
    /// Of each block the one that follows it in its list, or among the free ones.
    next: Vec<u32>,
    free: u32,
    /// Entries in lists.
    len: usize,
}

/// A list; each of its blocks but the last one is full.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    first: u32,
    last: u32,
    /// Entries in the last block.
    in_last: u32,
}

/// A list that is being taken apart.
#[derive(Debug)]
pub(super) struct Cursor {
    list: List,
    /// The next entry of its first block.
    index: usize,
}

impl List {
    pub(super) const EMPTY: Self = Self { first: NONE, last: NONE, in_last: 0 };

    /// Whether it has at most so many entries, of which a block holds more.
    pub(super) const fn is_at_most(&self, few: usize) -> bool {
        self.first == self.last && self.in_last as usize <= few
    }

    pub(super) const fn cursor(self) -> Cursor {
        Cursor { list: self, index: 0 }
    }
}

impl<T: Copy> Blocks<T> {
    pub(super) const fn new() -> Self {
        Self { memory: Vec::new(), next: Vec::new(), free: NONE, len: 0 }
    }

    pub(super) fn append(&mut self, list: &mut List, entry: T) {
        self.len += 1;
        if list.last == NONE || list.in_last as usize == BLOCK {
            self.extend(list, entry);
        }
        self.memory[list.last as usize][list.in_last as usize] = entry;
        list.in_last += 1;
    }

    /// Takes the next entry, and frees its block if it was the last one there.
    pub(super) fn take_next(&mut self, cursor: &mut Cursor) -> Option<T> {
        let Cursor { list, index } = cursor;
        let block = list.first;
        if block == NONE {
            return None;
        }
        let entry = self.memory[block as usize][*index];
        *index += 1;
        self.len -= 1;
        let in_block = if block == list.last { list.in_last as usize } else { BLOCK };
        if *index == in_block {
            *index = 0;
            let next = std::mem::replace(&mut self.next[block as usize], self.free);
            self.free = block;
            list.first = if block == list.last { NONE } else { next };
        }
        Some(entry)
    }

    /// Gives a list one block more, filled with whatever.
    #[cold]
    fn extend(&mut self, list: &mut List, filler: T) {
        if self.free == NONE {
            // A block for each of 2^32 numbers would be terabytes.
            self.free = u32::try_from(self.next.len()).unwrap_or(NONE);
            self.next.push(NONE);
            self.memory.push(Box::new([filler; BLOCK]));
        }
        let block = self.free;
        self.free = std::mem::replace(&mut self.next[block as usize], NONE);
        match self.next.get_mut(list.last as usize) {
            Some(next) => *next = block,
            None => list.first = block,
        }
        (list.last, list.in_last) = (block, 0);
    }
}

impl<T> Blocks<T> {
    /// Entries of all lists.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}
