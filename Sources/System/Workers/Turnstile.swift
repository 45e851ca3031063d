#if canImport(Glibc)
  import Glibc
#endif

/// Lets numbered callers through one by one, in rising order.
@safe package final class Turnstile: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var next: Int
  private var isClosed = false

  /// - Parameter first: the number that passes first.
  package init(first: Int) {
    next = first
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe pthread_cond_destroy(condition)
    unsafe mutex.deallocate()
    unsafe condition.deallocate()
  }

  /// Waits until every lower number has passed, runs `body` alone, and lets the next one through.
  ///
  /// - Returns: nil where the turnstile was closed meanwhile.
  package func pass<T>(_ number: Int, _ body: () -> T) -> T? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while next != number && !isClosed { unsafe pthread_cond_wait(condition, mutex) }
    guard !isClosed else { return nil }
    let result = body()
    next += 1
    unsafe pthread_cond_broadcast(condition)
    return result
  }

  /// Sends everyone away, now and later.
  package func close() {
    unsafe pthread_mutex_lock(mutex)
    isClosed = true
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }
}
