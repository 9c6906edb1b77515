//! How full the buses of this program are. They are asked when somebody looks.

use std::sync::{Arc, Mutex, Weak};

use crate::bus::{Depth, Transport};
use crate::lane::lock;

/// All buses that still live.
static BUSES: Mutex<Vec<Weak<dyn Transport>>> = Mutex::new(Vec::new());

/// Asks this bus from now on, for as long as it lives.
pub(crate) fn watch(bus: &Arc<dyn Transport>) {
    if cfg!(feature = "off-metrics") {
        return;
    }
    let mut all = lock(&BUSES);
    let mut at = 0;
    while let Some(bus) = all.get(at) {
        if bus.strong_count() == 0 {
            all.swap_remove(at);
        } else {
            at += 1;
        }
    }
    all.push(Arc::downgrade(bus));
}

/// How full they are, by system: what buses of one system hold is added up.
pub(crate) fn depths() -> Vec<(&'static str, Depth)> {
    // A bus may be somebody else's code, which the lock must not wait for.
    let mut all = Vec::new();
    for bus in lock(&BUSES).iter() {
        all.extend(bus.upgrade());
    }
    let mut depths: Vec<(&str, Depth)> = Vec::new();
    for bus in &all {
        let (system, Some(depth)) = (bus.system(), bus.depth()) else {
            continue;
        };
        let place = depths.partition_point(|(known, _)| *known < system);
        if depths.get(place).is_none_or(|(known, _)| *known != system) {
            depths.insert(place, (system, Depth::default()));
        }
        let sum = &mut depths[place].1;
        sum.records = sum.records.saturating_add(depth.records);
        sum.capacity = sum.capacity.saturating_add(depth.capacity);
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::{Bus, Record, Sending};

    #[derive(Debug)]
    struct Half(u64);

    impl Transport for Half {
        fn system(&self) -> &'static str {
            "half"
        }

        fn send(&self, _: &Record<'_>) -> Sending {
            Sending::Done(Ok(Default::default()))
        }

        fn depth(&self) -> Option<Depth> {
            Some(Depth {
                records: self.0 / 2,
                capacity: self.0,
            })
        }
    }

    #[test]
    #[cfg_attr(feature = "off-metrics", ignore = "nothing is counted")]
    fn buses_of_a_system_are_added_up_while_they_live() {
        let (first, second) = (Bus::new(Half(10)), Bus::new(Half(4)));
        let depth = |records, capacity| Depth { records, capacity };
        let half = || depths().into_iter().find(|(system, _)| *system == "half");
        assert_eq!(half(), Some(("half", depth(7, 14))));
        drop(first);
        assert_eq!(half(), Some(("half", depth(2, 4))));
        drop(second);
        assert_eq!(half(), None);
    }
}
