//! The line against servers that we did not write.

mod scim2;
