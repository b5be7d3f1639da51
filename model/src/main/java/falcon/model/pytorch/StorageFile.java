package falcon.model.pytorch;

import java.io.IOException;

/// The numbers of a checkpoint's storages.
sealed interface StorageFile permits ZipStorages, LegacyStorages {
  /// Reads some bytes of a storage.
  ///
  /// @param storage the storage as stated by the checkpoint's pickle
  /// @param count number of bytes; `offsetBytes + count` is within the storage
  /// @throws falcon.model.MalformedModelException if the file has no such storage or another length
  ///     of it; checked before memory is allocated
  byte[] read(Value.Storage storage, long offsetBytes, int count) throws IOException;
}
