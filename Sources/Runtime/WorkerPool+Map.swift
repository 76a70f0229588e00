extension WorkerPool {
  /// Runs tasks 0 ..< `tasks` and returns what they return or throw, in their order.
  ///
  /// - Parameter body: receives the task and the worker that runs it, as in ``run(_:_:)``.
  package func map<Value>(
    _ tasks: Int, _ body: (_ task: Int, _ worker: Int) throws -> Value
  ) -> [Result<Value, any Error>] {
    let results = UnsafeMutableBufferPointer<Result<Value, any Error>?>.allocate(capacity: tasks)
    results.initialize(repeating: nil)
    defer { results.deinitialize().deallocate() }
    run(tasks) { task, worker in
      results[task] = Result { try body(task, worker) }
    }
    return results.map { $0! }
  }
}
