//! How much of the bodies on their way into the database is held in memory at the same time, so that many large ones make
//! their senders wait or come again instead of taking the memory of everything else.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// What is counted in, in bytes.
const UNIT_BYTES: usize = 1024;

/// How long a body waits for room before its sender is asked to come again.
const PATIENCE: Duration = Duration::from_secs(2);

/// The room for bodies.
#[derive(Debug)]
pub struct BodyMemory {
    free: Semaphore,
}

impl BodyMemory {
    /// Room for so many bytes, and for the largest body that is allowed.
    pub fn new(bytes: usize, largest_body: usize) -> Self {
        let units = bytes.max(largest_body).div_ceil(UNIT_BYTES);
        Self { free: Semaphore::new(units.min(Semaphore::MAX_PERMITS)) }
    }

    /// The room of one body, none so far.
    pub(super) fn begin(&self) -> Held<'_> {
        Held { memory: self, room: None }
    }
}

/// The room that one body takes, free again when this is dropped.
pub(super) struct Held<'m> {
    memory: &'m BodyMemory,
    room: Option<SemaphorePermit<'m>>,
}

impl Held<'_> {
    /// Makes room for a body that is so long by now. False: there was none for a while.
    pub(super) async fn grow_to(&mut self, bytes: usize) -> bool {
        let held = self.room.as_ref().map_or(0, SemaphorePermit::num_permits);
        let Ok(missing) = u32::try_from(bytes.div_ceil(UNIT_BYTES).saturating_sub(held)) else { return false };
        if missing == 0 {
            return true;
        }
        let found = tokio::time::timeout(PATIENCE, self.memory.free.acquire_many(missing)).await;
        let Ok(Ok(more)) = found else { return false };
        match &mut self.room {
            Some(room) => room.merge(more),
            room @ None => *room = Some(more),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_body_takes_room_as_it_grows_and_gives_it_back() {
        let memory = BodyMemory::new(4 * UNIT_BYTES, UNIT_BYTES);
        let (mut one, mut other) = (memory.begin(), memory.begin());
        assert!(one.grow_to(1).await && one.grow_to(UNIT_BYTES).await && one.grow_to(3 * UNIT_BYTES).await);
        assert!(other.grow_to(UNIT_BYTES).await);
        assert!(!other.grow_to(UNIT_BYTES + 1).await, "the other one has the rest");
        drop(one);
        assert!(other.grow_to(4 * UNIT_BYTES).await);
        assert_eq!(memory.free.available_permits(), 0);
    }

    #[actix_web::test]
    async fn the_largest_body_that_is_allowed_always_fits_alone() {
        let memory = BodyMemory::new(0, 10 * UNIT_BYTES);
        assert!(memory.begin().grow_to(10 * UNIT_BYTES).await);
    }
}
