"""`/v1/messages`: what became of a message that was sent."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from ingest.deliveries.delivery import Delivery
from ingest.store.deliveries import Deliveries
from ventanilla.access import Principal, Role, require


def message_routes(token_key: str, deliveries: Deliveries) -> APIRouter:
    router = APIRouter(prefix="/v1/messages", tags=["messages"])
    caller = Depends(require(token_key, Role.SUPERVISOR, Role.ADMIN))

    @router.get("/{message_id}", responses={404: {"description": "No delivery of such a message"}})
    async def read_delivery(message_id: str, _: Annotated[Principal, caller]) -> Delivery:
        """The delivery of one outbound message: each part with the provider's id, status and error."""
        found = await deliveries.latest(message_id)
        if found is None:
            raise HTTPException(404, "There is no delivery of such a message")
        return found

    return router
