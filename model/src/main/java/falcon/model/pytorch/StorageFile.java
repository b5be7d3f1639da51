package falcon.model.pytorch;

import java.io.IOException;

/// Where the numbers of a checkpoint's storages lie.
sealed interface StorageFile permits ZipStorages, LegacyStorages {
  /// Some bytes of a storage.
  ///
  /// @param storage as the checkpoint's pickle states it
  /// @param count such that `offsetBytes + count` is within the storage
  /// @throws falcon.model.MalformedModelException if the file has no such storage or another length
  ///     of it; checked before memory is set aside
  byte[] read(Value.Storage storage, long offsetBytes, int count) throws IOException;
}
