// What is registered for forks, and in which order.
#pragma once

namespace rushlight {

// The allocator's locks are held while the process forks, so that the child finds them free. Called
// before the pool of threads registers: its threads end before a fork, and need the locks for that.
void watch_forks_of_allocator();

}  // namespace rushlight
