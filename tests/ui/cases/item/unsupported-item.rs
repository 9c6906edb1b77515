use obs_runtime::{Event, EventPart, Label};

#[derive(Event, Clone)]
struct Tuple(String);

#[derive(Event, Clone)]
struct Unit;

#[derive(Event, Clone)]
enum Either {
    This,
}

#[derive(Event, Clone)]
struct Generic<T: Clone + Send + Sync + 'static> {
    value: T,
}

#[derive(EventPart)]
struct Borrowed<'a> {
    text: &'a str,
}

#[derive(Label)]
enum Plan {
    Free { days: i32 },
    Team,
}

#[derive(Label)]
enum Nothing {}

#[derive(Label)]
struct Word {
    word: String,
}

// Whoever uses them is not told again.
fn needs<E: Event>() {}
fn needs_label<L: Label>() {}

fn main() {
    needs::<Tuple>();
    needs::<Unit>();
    needs::<Either>();
    needs::<Generic<i32>>();
    needs_label::<Plan>();
    needs_label::<Nothing>();
    needs_label::<Word>();
}
