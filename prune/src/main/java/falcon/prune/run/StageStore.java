package falcon.prune.run;

import falcon.model.Network;
import falcon.prune.method.StageCheckpoints;
import falcon.prune.options.Progress;
import falcon.prune.report.Stage;
import java.util.List;

/// The store of finished stages, and of parts of the stage in progress, so that an interrupted run
/// can be resumed.
public interface StageStore {
  /// Stores nothing.
  StageStore NONE =
      new StageStore() {
        @Override
        public List<Stage> finished() {
          return List.of();
        }

        @Override
        public void save(Stage stage) {}
      };

  /// Returns the stages that were finished before, from number 0 on without gaps.
  List<Stage> finished();

  /// Stores a stage; when this method returns, it is safely on disk.
  void save(Stage stage);

  /// Returns the store of parts of a stage in progress. A store of finished stages alone stores
  /// nothing here.
  ///
  /// @param stage number of the stage, from 0; the first one that is not finished
  /// @param dense the network that the run prunes
  /// @param progress receives the place that the run continues from, and warnings
  default StageCheckpoints checkpoints(int stage, Network dense, Progress progress) {
    return StageCheckpoints.NONE;
  }
}
