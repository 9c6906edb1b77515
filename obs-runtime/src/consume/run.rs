//! The one task of a consumer: it takes from the bus what its seats have room for, and polls those that were woken.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll, Wake, Waker};

use tokio::time::Sleep;

use super::ConsumeError;
use super::control::{Control, Running};
use super::lane::{Lane, Post, Route};
use super::later::{self, Later};
use super::once::Memory;
use super::passage::Around;
use super::policy::Policy;
use super::prepared::{Known, Receive};
use super::seat::{Desk, Seat, sit};
use crate::bus::{Bus, Received, Subscription};
use crate::clock::{self, Moment};
use crate::context::{Context, SpanContext};
use crate::envelope::Head;
use crate::lane::lock;
use crate::metric::{Backlog, Consumed, Waits};
use crate::span::Carried;
use crate::switch;

/// What the seats of a consumer share.
pub(super) struct Shared {
    pub(super) bus: Bus,
    pub(super) group: Box<str>,
    pub(super) routes: Vec<Box<dyn Route>>,
    pub(super) known: Vec<Known>,
    pub(super) topics: Vec<&'static str>,
    pub(super) policy: Policy,
    /// Which events were processed, where somebody remembers it.
    pub(super) once: Option<Box<dyn Memory>>,
    /// What is known around all processing.
    pub(super) base: Context,
    pub(super) desks: Vec<Desk>,
    /// The cells of events that nobody here knows.
    pub(super) unknown: &'static Consumed,
    pub(super) failure: Mutex<Option<ConsumeError>>,
    pub(super) failed: AtomicBool,
    /// The last look at the clock, in nanoseconds, if nothing has been done since that takes any time.
    pub(super) lately: AtomicU64,
}

impl Shared {
    /// The consumer ends with this, unless it ends with another error already.
    pub(super) fn fail(&self, error: ConsumeError) {
        lock(&self.failure).get_or_insert(error);
        self.failed.store(true, Relaxed);
    }

    fn has_failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Looks at the clock, unless somebody just has.
    pub(super) fn now(&self) -> Moment {
        match self.lately.load(Relaxed) {
            0 => clock::now(),
            lately => Moment(lately),
        }
    }

    /// Somebody has looked at the clock; none says that it was longer ago.
    pub(super) fn looked(&self, at: Option<Moment>) {
        self.lately.store(at.map_or(0, |at| at.0), Relaxed);
    }

    /// What is known around all processing.
    pub(super) fn around(&self) -> Around<'_> {
        Around {
            base: &self.base,
            child: self.policy.child,
        }
    }

    /// The lane of a route, made if there is none.
    #[inline]
    pub(super) fn lane<'l>(
        &self,
        lanes: &'l mut [Option<Lane>],
        route: usize,
        post: &Arc<Post>,
    ) -> &'l mut Lane {
        lanes[route].get_or_insert_with(|| self.routes[route].lane(Arc::clone(post)))
    }

    /// The place of a topic among those of the consumer.
    pub(super) fn place_of(&self, topic: &[u8]) -> usize {
        let mut topics = self.topics.iter();
        let found = topics.position(|known| known.as_bytes() == topic);
        found.unwrap_or_default()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("group", &self.group)
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}

impl Waits for Shared {
    fn backlogs(&self, see: &mut dyn FnMut(Backlog)) {
        let now = clock::now().unix_nanos();
        for (at, topic) in self.topics.iter().enumerate() {
            let occurred = self.desks.iter().filter_map(|desk| desk.occurred(at));
            see(Backlog {
                topic: (*topic).to_owned(),
                consumer: self.group.clone().into_string(),
                records: self.bus.lag(topic, &self.group),
                oldest_nanos: occurred.min().map_or(0, |at| now.saturating_sub(at)),
            });
        }
    }
}

/// A seat and who wakes it.
struct Chair {
    /// None while what it works on waits.
    seat: Option<Box<Seat>>,
    /// What waits.
    life: Pin<Box<dyn Future<Output = ()> + Send>>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl Chair {
    fn is_busy(&self) -> bool {
        self.seat.as_ref().is_none_or(|seat| seat.is_busy())
    }
}

/// Says that a seat wants to be polled.
struct Bell {
    rung: AtomicBool,
    house: Arc<House>,
}

/// All bells of a driver, and who hears them.
#[derive(Default)]
struct House {
    /// Some bell was rung: without that nobody looks at each.
    rung: AtomicBool,
    driver: Mutex<Option<Waker>>,
}

/// Whether it was set; it is no longer.
fn answered(rung: &AtomicBool) -> bool {
    rung.load(SeqCst) && rung.swap(false, SeqCst)
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, SeqCst) {
            // In this order: whoever is woken finds it set.
            self.house.rung.store(true, SeqCst);
            let driver = lock(&self.house.driver).clone();
            if let Some(driver) = driver {
                driver.wake();
            }
        }
    }
}

/// After so many rounds other tasks have their turn.
const ROUNDS: usize = 32;

/// A consumer that works whenever it is polled.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    control: Control,
    /// Until it is over.
    running: Option<Running>,
    subscription: Subscription,
    laters: Vec<Later>,
    chairs: Vec<Chair>,
    house: Arc<House>,
    /// Who is known to those who wake it.
    listener: Option<Waker>,
    /// Whether receiving is counted as the messaging conventions have it.
    counted: bool,
    receives: Vec<(&'static Receive, Round)>,
    /// Nothing comes any more.
    ended: bool,
    /// When what goes on is given back.
    grace: Option<Pin<Box<Sleep>>>,
}

/// What one round has received from a topic.
#[derive(Default)]
struct Round {
    count: usize,
    made: Vec<SpanContext>,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        control: Control,
        (subscription, laters): (Subscription, Vec<Later>),
        receives: Vec<&'static Receive>,
    ) -> Driver {
        let house: Arc<House> = Arc::default();
        let chair = |at| {
            let bell = Arc::new(Bell {
                rung: AtomicBool::new(false),
                house: Arc::clone(&house),
            });
            Chair {
                seat: Some(Seat::new(shared.routes.len())),
                life: Box::pin(sit(Arc::clone(&shared), at)),
                waker: Waker::from(Arc::clone(&bell)),
                bell,
            }
        };
        Driver {
            chairs: (0..shared.desks.len()).map(chair).collect(),
            shared,
            running: Some(control.running()),
            control,
            subscription,
            laters,
            house,
            listener: None,
            counted: receives.iter().any(|receive| receive.messaging.is_some()),
            receives: receives
                .into_iter()
                .map(|receive| (receive, Round::default()))
                .collect(),
            ended: false,
            grace: None,
        }
    }

    /// Whether it has nothing to do before something comes.
    pub(crate) fn is_idle(&self) -> bool {
        let (bus, group) = (&self.shared.bus, &*self.shared.group);
        let waits = |topic: &str| bus.lag(topic, group) != Some(0);
        let laters = 1..=self.laters.len();
        let waiting = self.shared.topics.iter().any(|topic| waits(topic))
            || laters
                .into_iter()
                .any(|step| waits(&later::topic(group, step)));
        !self.chairs.iter().any(Chair::is_busy) && (!self.control.takes() || !waiting)
    }

    /// Ready when it is over.
    pub(crate) fn poll(&mut self, cx: &mut Task<'_>) -> Poll<Result<(), ConsumeError>> {
        if self.drive(cx).is_pending() {
            return Poll::Pending;
        }
        self.running = None;
        let failure = lock(&self.shared.failure).take();
        Poll::Ready(failure.map_or(Ok(()), Err))
    }

    /// Whoever polls is woken by seats that want to be polled, and by those who stop or pause.
    fn listen(&mut self, cx: &Task<'_>) {
        let known = self.listener.as_ref();
        if !known.is_some_and(|known| known.will_wake(cx.waker())) {
            *lock(&self.house.driver) = Some(cx.waker().clone());
            self.control.listen(cx);
            self.listener = Some(cx.waker().clone());
        }
    }

    fn drive(&mut self, cx: &mut Task<'_>) -> Poll<()> {
        self.listen(cx);
        self.shared.looked(None);
        for _ in 0..ROUNDS {
            let taken = self.take(cx);
            let told = taken.and_then(|(began, end)| Some([began?, end]));
            // Whoever rings later wakes the driver.
            let wanted = taken.is_some() || answered(&self.house.rung);
            let polled = wanted && self.work(told.is_some());
            if let Some(times) = told {
                self.tell(times);
            }
            let stops = self.control.is_stopped() || self.shared.has_failed();
            if self.ended || stops {
                if !self.chairs.iter().any(Chair::is_busy) {
                    return Poll::Ready(());
                }
                if stops && self.is_over(cx) {
                    // Their deliveries go back to the bus.
                    self.chairs.clear();
                    return Poll::Ready(());
                }
            }
            if taken.is_none() && !polled {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether the time of grace is over.
    fn is_over(&mut self, cx: &mut Task<'_>) -> bool {
        let grace = self.shared.policy.grace;
        let sleep = self
            .grace
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(grace)));
        sleep.as_mut().poll(cx).is_ready()
    }

    /// Whether anybody is told of receiving.
    fn tells(&self) -> bool {
        self.counted || Carried::wanted(&self.shared.base)
    }

    /// Takes what there is room for. Says when that began, if anybody is told of it, and ended, if there was anything.
    fn take(&mut self, cx: &mut Task<'_>) -> Option<(Option<Moment>, Moment)> {
        if self.ended || !self.control.takes() || self.shared.has_failed() {
            return None;
        }
        // Without anybody who is told of receiving it does not matter when that began.
        let began = self.tells().then(|| self.shared.now());
        let mut any = false;
        for chair in &mut self.chairs {
            let Some(seat) = chair.seat.as_mut().filter(|seat| !seat.is_busy()) else {
                continue;
            };
            match next(&mut self.subscription, &mut self.laters, cx) {
                Poll::Pending => break,
                Poll::Ready(None) => {
                    self.ended = true;
                    let failure = self.subscription.failure();
                    if let Some(error) = failure {
                        self.shared.fail(error.into());
                    }
                    break;
                }
                Poll::Ready(Some(delivery)) => {
                    any = true;
                    seat.put(delivery);
                }
            }
        }
        any.then(|| {
            let end = clock::now();
            self.shared.looked(Some(end));
            (began, end)
        })
    }

    /// The spans of what was received in this round. The seats have looked into it since.
    fn tell(&mut self, [start, end]: [Moment; 2]) {
        let on = switch::is_on();
        for (receive, round) in &mut self.receives {
            if round.count > 0 && on {
                if let (Some(counted), None) = (receive.messaging, self.shared.base.recorder()) {
                    counted.ended(None, end.nanos_since(start), None);
                    counted.messages(None, round.count as u64);
                }
                let (meta, base) = (&receive.span, &self.shared.base);
                Carried::past(meta, base, [start, end], |to| {
                    to.set("messaging.batch.message_count", round.count);
                    for made in &round.made {
                        to.link(*made, &[]);
                    }
                });
            }
            round.count = 0;
            round.made.clear();
        }
    }

    /// Lets the seats work that have something new, which they tell of if that is wanted, and polls what was woken. Says
    /// whether there was any.
    fn work(&mut self, tells: bool) -> bool {
        let mut any = false;
        for (chair, desk) in self.chairs.iter_mut().zip(&self.shared.desks) {
            let rung = answered(&chair.bell.rung);
            let mut cx = Task::from_waker(&chair.waker);
            if let Some(seat) = &mut chair.seat {
                if !seat.is_busy() {
                    continue;
                }
                any = true;
                let receives = &mut self.receives;
                let told = |topic: usize, head: &Head<'_>| {
                    if let (true, Some((_, round))) = (tells, receives.get_mut(topic)) {
                        round.count += 1;
                        round.made.extend(head.span());
                    }
                };
                if seat.at_once(&self.shared, desk, told, &mut cx) {
                    continue;
                }
                chair
                    .seat
                    .take()
                    .into_iter()
                    .for_each(|seat| desk.give(seat));
            } else if !rung {
                continue;
            }
            any = true;
            // It never ends by itself.
            let _ = chair.life.as_mut().poll(&mut cx);
            chair.seat = desk.take();
            if chair.seat.is_none() {
                self.shared.looked(None);
            }
        }
        any
    }
}

/// The next delivery: what was put off and is due goes first. None when nothing comes any more.
fn next(
    subscription: &mut Subscription,
    laters: &mut [Later],
    cx: &mut Task<'_>,
) -> Poll<Option<Received>> {
    let mut ended = true;
    for later in laters {
        match later.poll(cx) {
            Poll::Ready(None) => {}
            Poll::Ready(some) => return Poll::Ready(some),
            Poll::Pending => ended = false,
        }
    }
    match subscription.poll_next(cx) {
        Poll::Ready(None) if !ended => Poll::Pending,
        other => other,
    }
}
