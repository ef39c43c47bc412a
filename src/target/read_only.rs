//! Dry run by type: the same desk, behind something that has no way to write.

use async_trait::async_trait;

use super::{DeskAccount, DeskPerson, Given, Observed, Outcome, Target, TargetError};
use crate::model::{PoolId, TargetName};
use crate::outbound::Budget;

/// A desk that is read and never written.
pub struct ReadOnly(Box<dyn Target>);

impl ReadOnly {
    /// Takes the pen from a desk.
    pub fn new(desk: Box<dyn Target>) -> Self {
        Self(desk)
    }
}

#[async_trait]
impl Target for ReadOnly {
    fn name(&self) -> &TargetName {
        self.0.name()
    }

    fn has_place_for(&self, pool: &PoolId) -> bool {
        self.0.has_place_for(pool)
    }

    async fn observe(&self) -> Result<Observed, TargetError> {
        self.0.observe().await
    }

    async fn find(&self, person: &DeskPerson) -> Result<Option<DeskAccount>, TargetError> {
        self.0.find(person).await
    }

    async fn grant(&self, _: &DeskPerson, _: &PoolId) -> Result<Given, TargetError> {
        Err(TargetError::ReadOnly)
    }

    async fn revoke(&self, _: &DeskPerson, _: &PoolId) -> Result<Outcome, TargetError> {
        Err(TargetError::ReadOnly)
    }

    fn budget(&self) -> Budget {
        self.0.budget()
    }
}

/// A desk where seats are given and never taken.
pub struct AddOnly(Box<dyn Target>);

impl AddOnly {
    /// Takes the eraser from a desk.
    pub fn new(desk: Box<dyn Target>) -> Self {
        Self(desk)
    }
}

#[async_trait]
impl Target for AddOnly {
    fn name(&self) -> &TargetName {
        self.0.name()
    }

    fn has_place_for(&self, pool: &PoolId) -> bool {
        self.0.has_place_for(pool)
    }

    async fn observe(&self) -> Result<Observed, TargetError> {
        self.0.observe().await
    }

    async fn find(&self, person: &DeskPerson) -> Result<Option<DeskAccount>, TargetError> {
        self.0.find(person).await
    }

    async fn grant(&self, person: &DeskPerson, pool: &PoolId) -> Result<Given, TargetError> {
        self.0.grant(person, pool).await
    }

    async fn revoke(&self, _: &DeskPerson, _: &PoolId) -> Result<Outcome, TargetError> {
        Err(TargetError::ReadOnly)
    }

    fn budget(&self) -> Budget {
        self.0.budget()
    }
}
