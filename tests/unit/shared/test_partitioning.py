"""Which partition a record goes to: the one that every other Kafka client would choose for its key."""

from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from ventanilla.stream.lanes import partition_of


@given(key=st.binary(max_size=64), partitions=st.integers(1, 24))
def test_we_choose_as_kafkas_own_clients_do(key: bytes, partitions: int) -> None:
    everyone = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, everyone, everyone)
