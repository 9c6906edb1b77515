//! What the series of a family are told apart by: closed sets, so that all series are known beforehand.

use crate::event::Label;

/// The labels of a family: none, one [`Label`], or a tuple of up to six.
///
/// Each combination of values is a series, found by its index: nothing is hashed and nothing looked up.
///
/// ```
/// use obs_runtime::metric::Labels;
///
/// assert_eq!(<(bool, bool)>::SERIES, 4);
/// assert_eq!((true, false).index(), 2);
/// assert_eq!(<(bool, bool)>::SETS, [["false", "true"]; 2]);
/// ```
pub trait Labels {
    /// The values of each label.
    const SETS: &'static [&'static [&'static str]];

    /// How many combinations there are.
    const SERIES: usize;

    /// Which of the combinations this is. The last label changes fastest.
    fn index(&self) -> usize;
}

impl Labels for () {
    const SETS: &'static [&'static [&'static str]] = &[];
    const SERIES: usize = 1;

    #[inline]
    fn index(&self) -> usize {
        0
    }
}

impl<L: Label> Labels for L {
    const SETS: &'static [&'static [&'static str]] = &[L::VALUES];
    const SERIES: usize = L::VALUES.len();

    #[inline]
    fn index(&self) -> usize {
        Label::index(self)
    }
}

macro_rules! tuples {
    ($(($($ty:ident $at:tt),*))*) => {$(
        impl<$($ty: Label),*> Labels for ($($ty,)*) {
            const SETS: &'static [&'static [&'static str]] = &[$($ty::VALUES),*];
            const SERIES: usize = 1 $(* $ty::VALUES.len())*;

            #[inline]
            fn index(&self) -> usize {
                let index = 0;
                $(let index = index * $ty::VALUES.len() + self.$at.index();)*
                index
            }
        }
    )*};
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
}
