//! The phases in order, for both doors.
