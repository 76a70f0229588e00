import Kernels
import Runtime

/// What goes through all layers with one stretch, in each thread of the team that takes it: which rows are this thread's, its
/// scratch and the team's, who watches, and who brings the parameters.
///
/// The threads of a team run the same code. Each works on its own rows; what reads rows of others, as attention does, stands
/// between two ``join()``s.
struct Pass<Element: MatrixElement> {
  private(set) var tokens: TokenLayout
  private(set) var stretch: TokenLayout.Stretch
  private(set) var recorder: TensorRecorder?
  /// The thread's own.
  let scratch: Scratch<Element>
  /// One for all threads of the team.
  let teamScratch: Scratch<Element>
  private let member: TeamMember
  private let arrival: Arrival

  /// - Parameter scratch: of all workers.
  init(
    _ tokens: TokenLayout, stretch: Int, _ member: TeamMember, scratch: [Scratch<Element>],
    _ recorder: TensorRecorder?, _ arrival: Arrival
  ) {
    self.tokens = tokens
    self.stretch = tokens.stretches[stretch]
    self.scratch = scratch[member.worker]
    teamScratch = scratch[member.leader]
    self.member = member
    self.recorder = recorder
    self.arrival = arrival
  }

  /// The thread's slabs, which lie side by side.
  var slabs: ArraySlice<TokenLayout.Slab> { stretch.slabs[share(of: stretch.slabs.count)] }

  /// The thread's rows in the buffers of all rows: those of its slabs.
  var rows: Range<Int> {
    let share = share(of: stretch.slabs.count)
    return stretch.slabs[share.lowerBound].rows.lowerBound..<stretch.slabs[share.upperBound - 1].rows.upperBound
  }

  /// The thread's rows, counted from the first of the stretch.
  var rowsInStretch: Range<Int> { rows.counted(from: stretch.rows.lowerBound) }

  /// The rows of each sequence of the stretch.
  var sequences: [Range<Int>] { stretch.sequences }

  /// The thread's share of what the team divides.
  func share(of count: Int) -> Range<Int> { Partition.range(member.index, of: member.teamSize, count: count) }

  /// Waits until all threads of the team are here.
  func join() { member.join() }

  /// Runs `body`, which multiplies, over all of the thread's rows, counted from their first: at once or slab by slab.
  func forEachProduct(_ body: (Range<Int>) -> Void) {
    if tokens.division.joinsSlabs { return body(0..<rows.count) }
    let first = rows.lowerBound
    for slab in slabs { body(slab.rows.counted(from: first)) }
  }

  /// The same samples where they lie in another stack.
  func over(_ tokens: TokenLayout) -> Pass {
    var pass = self
    (pass.tokens, pass.stretch) = (tokens, tokens.stretches[stretch.index])
    return pass
  }

  /// The same without anybody who watches.
  var unwatched: Pass {
    var pass = self
    pass.recorder = nil
    return pass
  }

  /// Waits until the parameters of `range` are there, which may be on their way from other ranks.
  func awaitParameters(_ range: Range<Int>) { arrival.wait(for: range.upperBound) }

  /// Shows the thread's rows of a tensor to whoever watches; `bias` [columns] is added to every row.
  func record<Value: MatrixElement>(
    _ name: String, _ values: MatrixView<Value>, adding bias: UnsafePointer<Float>? = nil
  ) {
    recorder?.record(name, values, tokens, firstRow: rows.lowerBound, adding: bias)
  }

  /// Shows the probabilities that a head's attention has just left in the scratch: those of the stretch's sequence `number`.
  func recordAttention(_ name: String, sequence number: Int, head: Int, of heads: Int) {
    guard let recorder else { return }
    let length = sequences[number].count
    recorder.recordAttention(
      name, scratch.attention.probabilities(length, length), head: head, of: heads, tokens,
      sequence: stretch.samples.lowerBound * tokens.lengths.count + number)
  }
}
