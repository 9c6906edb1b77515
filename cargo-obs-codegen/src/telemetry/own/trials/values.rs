//! Values of series, as promtool reads them.

use crate::telemetry::trial::Wave;

/// Much the same in twelve bits, whose sums have no tail: promtool adds it up again and again, and a counter that falls by a hair has
/// started again.
pub(super) fn plain(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let unit = 2.0_f64.powf(value.abs().log2().floor() - 12.0);
    (value / unit).round() * unit
}

/// Values in promtool's notation.
pub(super) fn wave(values: &[Option<f64>]) -> Wave {
    let mut wave = Wave::default();
    let mut at = 0;
    while at < values.len() {
        let Some(value) = values[at] else {
            let gap = values[at..].iter().take_while(|one| one.is_none()).count();
            wave = if at == 0 {
                Wave::none(gap as u64)
            } else {
                wave.gone()
            };
            at += gap;
            continue;
        };
        let next = |at: usize| values.get(at).copied().flatten();
        let by = next(at + 1).map_or(0.0, |next| next - value);
        let mut steps = 1;
        #[expect(clippy::float_cmp, reason = "promtool must come to the same")]
        let goes_on = |steps: usize, next: f64| next == value + by * steps as f64;
        while next(at + steps).is_some_and(|next| goes_on(steps, next)) {
            steps += 1;
        }
        wave = wave.ramp(value, by, steps as u64);
        at += steps;
    }
    wave
}
