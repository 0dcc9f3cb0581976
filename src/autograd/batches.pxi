# Batches of a dataset of tensors, one a step of an iterator.

cdef class RowBatches:
    """Gathers rows of tensors, some of an order at a time, without recording.

    A batch of 64 images leaves nothing else in the first caches: an iteration touches as little
    as it can.

    Args:
        tensors (sequence of Tensor): with the same number of rows, on one device.
        order (Tensor): row numbers, int64, one dim, on the same device.
        size (int): how many a batch takes.
        start (int): the first batch.
        stop (int): the batch before which it ends.
    """
    cdef vector[CTensor] tensors
    cdef CTensor order
    cdef int64_t size, at, stop
    cdef bint large

    def __cinit__(self, tensors, Tensor order not None, int64_t size, int64_t start, int64_t stop):
        cdef Tensor tensor
        cdef int64_t work = 0
        if size <= 0 or start < 0 or stop > (<int64_t>1 << 62) // size:
            raise ValueError(f"RowBatches: expected batches of at least one row from batch 0 on, "
                             f"within 2**62 rows, got size {size} and batches {start} to {stop}")
        for tensor in tensors:
            if tensor is None:
                raise TypeError("RowBatches: expected tensors, got None")
            self.tensors.push_back(tensor.c)
            work += tensor.c.numel() // max(tensor.c.size(0), 1) if tensor.c.ndim() else 1
        self.order = order.c
        self.size, self.at, self.stop = size, start, stop
        self.large = work > LARGE // size

    def __iter__(self):
        return self

    def __length_hint__(self):
        return max(self.stop - self.at, 0)

    def __next__(self):
        if self.at >= self.stop:
            raise StopIteration
        cdef vector[CTensor] rows
        cdef CTensor wanted = c_slice(self.order, 0, self.at * self.size,
                                      (self.at + 1) * self.size, 1)
        self.at += 1
        if self.large:
            with nogil:
                rows = c_index_select_each(self.tensors, wanted)
        else:
            rows = c_index_select_each(self.tensors, wanted)
        cdef list batch = []
        cdef size_t i
        for i in range(rows.size()):
            batch.append(wrap_move(rows[i]))
        return batch
