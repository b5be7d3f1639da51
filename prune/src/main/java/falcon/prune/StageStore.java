package falcon.prune;

import java.util.List;

/// Where finished stages are kept, so that an interrupted run can be resumed.
public interface StageStore {
  /// Keeps nothing.
  StageStore NONE =
      new StageStore() {
        @Override
        public List<Stage> finished() {
          return List.of();
        }

        @Override
        public void save(Stage stage) {}
      };

  /// Stages that were finished before, from number 0 on without gaps.
  List<Stage> finished();

  /// Keeps a stage; when this returns it is safe on disk.
  void save(Stage stage);
}
