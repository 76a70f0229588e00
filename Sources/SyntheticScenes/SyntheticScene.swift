internal import CScene
import Runtime

/// A scene to be rendered: solids with procedural textures in a room or a landscape, and its lights.
package struct SyntheticScene {
  /// Whether the scene is the inside of a room; otherwise it lies under a sky.
  let isRoom: Bool
  let solids: [croco_solid]
  let materials: [croco_material]
  /// Everything but the pointers to solids and materials.
  let surroundings: croco_scene

  /// The box within which cameras may stand (low and high corner).
  let cameraRoom: (low: Vector, high: Vector)

  /// Calls `body` with the scene as the kernel wants it.
  func withKernel<Result>(_ body: (UnsafePointer<croco_scene>) throws -> Result) rethrows -> Result {
    try solids.withUnsafeBufferPointer { solids in
      try materials.withUnsafeBufferPointer { materials in
        var scene = surroundings
        scene.solids = solids.baseAddress
        scene.solid_count = Int32(solids.count)
        scene.materials = materials.baseAddress
        return try withUnsafePointer(to: scene, body)
      }
    }
  }
}

/// Draws scenes: a pure function of (seed, scene number).
package struct SceneGenerator: Sendable {
  /// The seed of the data set.
  let seed: UInt64

  /// A generator of the scenes of one seed.
  package init(seed: UInt64) { self.seed = seed }

  // The draws of one scene come from streams of their own, so that a change to one leaves the others alone.
  private enum Stream: Int {
    case layout = 0
    case materials, light, views
  }

  private func stream(_ stream: Stream, scene: Int, number: Int = 0) -> RandomStream {
    RandomStream(seed: seed, purpose: .scene, epoch: stream.rawValue + 4 * number, index: scene)
  }

  /// Scene number `index`: a room or, a little less often, a landscape.
  package func scene(_ index: Int) -> SyntheticScene {
    var builder = SceneBuilder(random: stream(.layout, scene: index), materials: stream(.materials, scene: index))
    var light = stream(.light, scene: index)
    return builder.chance(0.55) ? Self.room(&builder, &light) : Self.landscape(&builder, &light)
  }

  /// The random stream for the cameras of pair `number` within a scene.
  func viewStream(scene: Int, number: Int) -> RandomStream { stream(.views, scene: scene, number: number) }

  private static func room(_ builder: inout SceneBuilder, _ random: inout RandomStream) -> SyntheticScene {
    let room = RoomScene(&builder)
    var scene = croco_scene()
    scene.is_room = 1
    scene.room_low = room.low.kernel
    scene.room_high = room.high.kernel
    scene.wall_material = (room.walls[0], room.walls[1], room.walls[2], room.walls[3], room.walls[4], room.walls[5])
    let reach = Vector(room.high.x, room.high.y, 0) * 0.55
    let lamp =
      Vector(random.nextUniform(-1...1), random.nextUniform(-1...1), 0) * reach + Vector(0, 0, room.high.z - 0.3)
    scene.light = lamp.kernel
    scene.light_radius = random.nextUniform(0.04...0.2)
    let warmth = random.nextUniform(-1...1)
    scene.light_color = (Vector(1 + 0.12 * warmth, 1, 1 - 0.18 * warmth) * random.nextUniform(0.7...1)).kernel
    scene.fill = Vector(random.nextUniform(-1...1), random.nextUniform(-1...1), 0.35).unit.kernel
    scene.fill_color = (Vector(0.9, 1, 1.1) * random.nextUniform(0.1...0.3)).kernel
    scene.ambient_up = Vector(0.5, 0.5, 0.52).kernel
    scene.ambient_down = Vector(0.42, 0.39, 0.36).kernel
    scene.exposure = 1
    let margin = Vector(0.35, 0.35, 0.5)
    return SyntheticScene(
      isRoom: true, solids: builder.solids, materials: builder.materials, surroundings: scene,
      cameraRoom: (room.low + margin, Vector(room.high.x, room.high.y, 2.2) - Vector(0.35, 0.35, 0)))
  }

  private static func landscape(_ builder: inout SceneBuilder, _ random: inout RandomStream) -> SyntheticScene {
    let landscape = LandscapeScene(&builder)
    var scene = croco_scene()
    scene.is_room = 0
    let ground = landscape.ground
    scene.wall_material = (ground, ground, ground, ground, ground, ground)
    let sun = Vector(random.nextUniform(-1...1), random.nextUniform(-1...1), random.nextUniform(0.45...1.1)).unit
    scene.light = sun.kernel
    scene.light_radius = random.nextUniform(0.005...0.04)
    let skies: [(zenith: UInt32, horizon: UInt32, sun: Vector)] = [
      (0x3A7BD5, 0xCFE6F7, Vector(1.1, 1.05, 0.95)), (0x2A5FA8, 0xF6D7A7, Vector(1.2, 1, 0.75)),
      (0x6C8EAD, 0xE4E8EA, Vector(1, 1, 1)), (0x3C4C8F, 0xF4A77A, Vector(1.25, 0.9, 0.65)),
      (0x1E90C8, 0xE8F6F0, Vector(1.1, 1.05, 1)),
    ]
    let sky = skies[random.nextIndex(below: skies.count)]
    scene.light_color = (sky.sun * random.nextUniform(0.85...1.15)).kernel
    scene.fill = Vector(-sun.x, -sun.y, 0.5).unit.kernel
    scene.fill_color = Vector(0.1, 0.12, 0.16).kernel
    let horizon = ScenePalette.linear(sky.horizon)
    scene.ambient_up = (Vector(0.42, 0.45, 0.5) * 0.7 + horizon * 0.2).kernel
    scene.ambient_down = Vector(0.24, 0.22, 0.19).kernel
    scene.sky_zenith = ScenePalette.linear(sky.zenith).kernel
    scene.sky_horizon = horizon.kernel
    scene.cloud = Vector(0.95, 0.93, 0.93).kernel
    let hill = ScenePalette.linear([0x7A8FA6, 0x8FA3B5, 0x6B7F8C][random.nextIndex(below: 3)])
    let near = ScenePalette.linear([0x4F7048, 0x6B7A4A, 0x8A7448, 0x47663F][random.nextIndex(below: 4)])
    scene.hill_far = hill.kernel
    scene.hill_near = near.kernel
    scene.hill_height = random.nextUniform(0.08...0.3)
    scene.cloud_share = random.nextUniform(0.25...0.6)
    scene.sky_seed = random.nextWord()
    scene.haze_distance = random.nextUniform(60...160)
    scene.exposure = 1
    return SyntheticScene(
      isRoom: false, solids: builder.solids, materials: builder.materials, surroundings: scene,
      cameraRoom: (Vector(-16, -16, 0.8), Vector(16, 16, 6)))
  }
}
